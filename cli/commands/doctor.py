"""`closedloop doctor`: what is wrong here, and what to do about it."""

import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from cli.running import Config, Data, Port, settings_for, settings_of_running
from deploy.checks import Finding, Situation, examine
from deploy.supervise.folder import NotRunning
from shared.errors import ClosedloopError

app = typer.Typer(help="what is wrong here, and what to do about it")

_MARKS = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[bold red]fail[/]"}


@app.command()
def doctor(data: Data = None, port: Port = None, config: Config = None) -> None:
    """Check this machine, the configuration and what runs. Exit code 1 when something must be mended."""
    console = Console()
    try:
        situation = _situation(data, port, config)
    except ClosedloopError as problem:
        _show(console, Finding("fail", "configuration", str(problem)))
        sys.exit(1)
    failed = False
    for finding in examine(situation):
        _show(console, finding)
        failed = failed or finding.level == "fail"
    sys.exit(1 if failed else 0)


def _situation(data: Path | None, port: int | None, config: Path | None) -> Situation:
    try:
        return Situation(*settings_of_running(data, port, config))
    except NotRunning:
        return Situation(settings_for(data, port, config)[0], None)


def _show(console: Console, finding: Finding) -> None:
    text = f"  {_MARKS[finding.level]}  {finding.what:<19}{escape(finding.detail)}"
    console.print(text, highlight=False, soft_wrap=True)
    if finding.todo:
        console.print(f"{'':<27}[bold]{escape(finding.todo)}[/]", highlight=False, soft_wrap=True)
