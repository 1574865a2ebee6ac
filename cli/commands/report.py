"""`closedloop report NAME`: a view of the warehouse as a table, CSV or JSON; without a name, what there is."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.reports import look, pivot
from cli.reports.read import Grid, Warehouse
from cli.reports.registry import SIDE_BY_SIDE, Report, known
from cli.running import Config, Data, settings_of_running
from shared.errors import ClosedloopError

app = typer.Typer(help="a report of the warehouse, as a table, CSV or JSON")


class Format(StrEnum):
    """How a report is written."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def report(
    name: Annotated[str | None, typer.Argument(help="which; none: list them")] = None,
    form: Annotated[Format, typer.Option("--format", help="csv and json have every row of the view")] = Format.table,
    model: Annotated[str | None, typer.Option(help="one attribution model, such as w_shaped")] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Print a report; without a name, the list of them."""
    try:
        settings, _ = settings_of_running(data, config=config)
        asyncio.run(_report(settings.postgres_url, settings.base_currency, name, form, model))
    except ClosedloopError as problem:
        print(f"closedloop report: {problem}", file=sys.stderr)
        sys.exit(1)


async def _report(database_url: str, currency: str, name: str | None, form: Format, model: str | None) -> None:
    async with Warehouse(database_url) as warehouse:
        if name is None:
            _list(look.console(), await warehouse.relations())
            return
        grid = await warehouse.rows(name, model)
    match form:
        case Format.csv:
            look.as_csv(grid)
        case Format.json:
            look.as_json(grid)
        case Format.table:
            show(look.console(), known(name) or Report(name, ""), grid, model, currency)


def _list(console: Console, relations: dict[str, str]) -> None:
    made = look.table(("report", "what it says"), texts=2)
    look.add_rows(made, relations.items())
    look.show(console, made, "Reports", "closedloop report NAME [--model M] [--format csv|json]")


def show(console: Console, what: Report, grid: Grid, model: str | None, currency: str) -> None:
    """A report as a table: as the registry says, or as it is."""
    if not grid.rows:
        console.print(f"  {what.name}: nothing yet")
        return
    if not what.by or not {*what.by, *what.measures} <= set(grid.columns):
        look.show_as_it_is(console, grid, what.name, what.says)
        return
    if what.side_by_side and model is None:
        made, note = _side_by_side(what, grid, currency)
    else:
        made, note = _of_one_model(what, grid, currency)
    look.show(console, made, what.name, ", ".join(part for part in (what.says, note) if part))


def _side_by_side(what: Report, grid: Grid, currency: str) -> tuple[Table, str]:
    there = pivot.models_of(grid)
    models = [model for model in SIDE_BY_SIDE if model in there] or there[: len(SIDE_BY_SIDE)]
    lines = pivot.beside(grid, what.by, str(what.side_by_side), models)
    made = look.table((*what.by, *models), texts=len(what.by))
    look.add_rows(made, ((*line.of, *map(look.money, line.values)) for line in lines))
    _add_total(made, len(what.by), [look.money(value) for value in pivot.total(lines)])
    others = [model for model in there if model not in models]
    return made, currency + (f"; --model also has {', '.join(others)}" if others else "")


def _of_one_model(what: Report, grid: Grid, currency: str) -> tuple[Table, str]:
    lines = pivot.summed(grid, what.by, what.measures)
    forms = [look.money if measure in {"revenue", "pipeline"} else look.count for measure in what.measures]
    made = look.table((*what.by, *what.measures), texts=len(what.by))
    look.add_rows(made, ((*line.of, *(f(v) for f, v in zip(forms, line.values, strict=True))) for line in lines))
    _add_total(made, len(what.by), [f(v) for f, v in zip(forms, pivot.total(lines), strict=True)])
    return made, currency if what.side_by_side else ""


def _add_total(made: Table, texts: int, totals: list[str]) -> None:
    made.add_section()
    made.add_row("total", *[""] * (texts - 1), *totals, style="bold")
