"""The `closedloop` command. Each subcommand is one file in `cli/commands`; this file only names them.

A command's module is imported when it is called, so that `closedloop --help` stays fast.
"""

import logging
from importlib import import_module
from importlib.metadata import version
from keyword import iskeyword
from typing import Annotated, Any

import typer

from cli.examples import told

COMMANDS = {
    "up": "start everything that is missing and keep it running until Ctrl-C",
    "demo": "run a seeded company through the whole loop and print the two reports",
    "status": "what runs, where, and how far behind it is",
    "wait": "return when every service is ready, or every consumer has caught up",
    "import": "touchpoints or deals from a CSV or JSONL file of any shape",
    "report": "a report of the warehouse, as a table, CSV or JSON",
    "explain": "why a deal's money went to these channels",
    "lead": "one person's way from first sight to customer",
    "config": "check closedloop.yaml: every section, all problems at once",
    "doctor": "what is wrong here, and what to do about it",
    "rebuild": "apply the present rules to history, after showing what that changes",
    "channels": "which channel a link or visit counts for, and by which rule",
    "attribute": "models over a CSV of journeys; no engines needed",
}


class LazyCommands(typer.core.TyperGroup):
    """Finds a command as `cli.commands.<name>:app` the first time it is asked for.

    typer carries a click of its own that it does not export, hence `Any`.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(f"cli.commands.{name}{'_' * iskeyword(name)}")  # `import` lives in import_.py
        command = typer.main.get_command(module.app)
        command.name, command.short_help = cmd_name, COMMANDS[cmd_name]
        _plain(command, cmd_name)
        return command


def _plain(command: Any, called: str) -> None:
    """Help as text within 80 columns: no boxes, no type beside a flag, and lines to try at its end."""
    command.rich_markup_mode = None
    command.epilog = told(called)
    command.params = [param for param in command.params if param.name not in {"install_completion", "show_completion"}]
    for name, inner in getattr(command, "commands", {}).items():
        inner.short_help = (inner.help or "").partition("\n\n")[0].partition(". ")[0].removesuffix(".")
        _plain(inner, f"{called} {name}")


app = typer.Typer(cls=LazyCommands, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


def _say_version(asked: bool) -> None:
    if asked:
        print(f"closedloop {version('closedloop')}")
        raise typer.Exit


@app.callback()
def closedloop(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="say which, and stop")
    ] = False,
) -> None:
    """Join marketing touchpoints to closed-won deals: revenue by channel, sales by web source."""


def main() -> None:
    """Entry point of the console script."""
    logging.getLogger().addHandler(logging.NullHandler())  # a command says itself what is wrong, its libraries do not
    app()


if __name__ == "__main__":
    main()
