"""`closedloop report NAME`: a view of the warehouse as a table, CSV or JSON; without a name, what there is."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from cli.reports import look, tables
from cli.reports.asked import Asked, Period, UnreadableTime, month_of, stamp_of
from cli.reports.pivot import by_period
from cli.reports.read import Relation, Warehouse
from cli.reports.registry import Report, known, names
from cli.running import Config, Data, settings_of_running
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError

app = typer.Typer(help="a report of the warehouse, as a table, CSV or JSON")


class Format(StrEnum):
    """How a report is written."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def report(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="which; none: list them", autocompletion=names)
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="csv and json have every row of the view")] = Format.table,
    model: Annotated[str | None, typer.Option(help="one attribution model, such as w_shaped")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="MONTH", help="the first month, such as 2026-01")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="MONTH", help="the last month, such as 2026-03")] = None,
    period: Annotated[Period | None, typer.Option("--by", help="a line for each month or quarter")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="STAMP", help="as it stood then; every report ends with its own stamp")
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Print a report; without a name, the list of them."""
    try:
        asked = Asked(model, month_of(since), month_of(until), stamp_of(as_of))
        if asked.since and asked.until and asked.since > asked.until:
            raise UnreadableTime(f"--from {since} is after --to {until}, so no month is in between; exchange them")
        settings, _ = settings_of_running(data, config=config)
        asyncio.run(_report(settings.postgres_url, settings.base_currency, name, form, asked, period))
    except ClosedloopError as problem:
        print(f"closedloop report: {problem}", file=sys.stderr)
        sys.exit(1)


async def _report(
    database_url: str, currency: str, name: str | None, form: Format, asked: Asked, period: Period | None
) -> None:
    async with Warehouse(database_url) as warehouse:
        if name is None:
            _list(look.console(), await warehouse.relations())
            return
        answer = await warehouse.report(name, asked)
    grid = by_period(answer.grid, period) if period else answer.grid
    below = [line for line in (look.left_out(answer.left_out), look.stamp(answer.as_of)) if line]
    match form:
        case Format.csv:
            look.as_csv(grid)
        case Format.json:
            look.as_json(grid)
        case Format.table:
            tables.show(look.console(), known(name) or Report(name, ""), grid, asked.model, currency, period)
            tables.below(look.console(), below)
            return
    sys.stderr.writelines(f"{line}\n" for line in below)


def _list(console: Console, relations: dict[str, Relation]) -> None:
    made = look.table(("report", "what it says"), texts=2)
    look.add_rows(made, ((name, _first_sentence(relation.says)) for name, relation in relations.items()))
    look.show(console, made, "Reports", f"{CLOSEDLOOP} report NAME; `{CLOSEDLOOP} report --help` has examples")


def _first_sentence(text: str) -> str:
    """A list is looked through; the whole is a comment in the database, and in docs/warehouse.md."""
    return text.partition(". ")[0].removesuffix(".")
