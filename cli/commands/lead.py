"""`closedloop lead ID|EMAIL`: one person's way from first sight to customer."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from cli.reports import lead as lead_report
from cli.reports import look
from cli.reports.ask import NoAnswer, ask
from cli.running import Config, Data
from shared.errors import ClosedloopError

app = typer.Typer(help="one person's way from first sight to customer")


@app.command()
def lead(
    who: Annotated[str, typer.Argument(metavar="ID|EMAIL", help="person id, email or user id")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Print a person's stages with the rule behind each, what sales did, and by what they are known."""
    try:
        if not who.strip():
            raise NoAnswer("name somebody by person id, email or user id")
        lead_report.show(look.console(), ask("lifecycle", f"/v1/leads/{quote(who, safe='')}", data, config))
    except ClosedloopError as problem:
        print(f"closedloop lead: {problem}", file=sys.stderr)
        sys.exit(1)
