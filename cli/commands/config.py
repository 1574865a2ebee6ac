"""`closedloop config check [FILE]`: is everything in the configuration right?"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.checks.configuration import problems
from shared.settings import file_in_use

app = typer.Typer(help="check closedloop.yaml: every section, all problems at once", no_args_is_help=True)


@app.callback()
def config() -> None:
    """Look at the configuration without starting anything."""


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="the YAML file [CLOSEDLOOP_CONFIG; closedloop.yaml]")
    ] = None,
) -> None:
    """Check every section and the environment; print each problem as FILE:LINE: KEY: what. Exit code 1 if any."""
    used = file or file_in_use()
    found = problems(used)
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        print(f"{len(found)} problem{'s' if len(found) > 1 else ''} found.", file=sys.stderr)
        sys.exit(1)
    print(f"{used} works." if used else "There is no closedloop.yaml here: the defaults work.")
