"""`closedloop explain deal ID`: why a deal's money went to these channels."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from cli.reports import deal as deal_report
from cli.reports import look
from cli.reports.ask import ask
from cli.running import Config, Data
from shared.errors import ClosedloopError

app = typer.Typer(no_args_is_help=True, help="why a deal's money went to these channels")


@app.callback()
def explain() -> None:
    """Why the numbers are what they are."""


@app.command()
def deal(
    deal_id: Annotated[str, typer.Argument(metavar="ID", help="as the CRM sent it")],
    model: Annotated[str | None, typer.Option(help="one model touch by touch, with rules and positions")] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Print a deal, its ledger, its journey, and its credits under every model."""
    try:
        found = ask("attribution", f"/v1/deals/{quote(deal_id, safe='')}/explain", data, config)
        deal_report.show(look.console(), found, model)
    except ClosedloopError as problem:
        print(f"closedloop explain: {problem}", file=sys.stderr)
        sys.exit(1)
