"""A report's rows as a table: models side by side, or the measures of one model."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.reports import look, pivot
from cli.reports.asked import Period
from cli.reports.read import Grid
from cli.reports.registry import SIDE_BY_SIDE, Report

_WHOLE, _TENTH = Decimal(1), Decimal("0.1")
_MONEY = {"revenue", "pipeline"}


def show(
    console: Console, what: Report, grid: Grid, model: str | None, currency: str, period: Period | None = None
) -> None:
    """A report as a table: as the registry says, or as it is. With a period, `grid` has it as its first column."""
    if not grid.rows:
        console.print(f"  {what.name}: nothing yet")
        return
    if not what.by or not {*what.by, *what.measures} <= set(grid.columns):
        look.show_as_it_is(console, grid, what.name, what.says)
        return
    by = (str(period), *what.by) if period else what.by
    if what.side_by_side and model is None:
        made, note = _side_by_side(console, what, by, grid, currency)
    else:
        made, note = _of_one_model(what, by, grid, currency)
    look.show(console, made, what.name, ", ".join(part for part in (what.says, note) if part))


def below(console: Console, lines: Sequence[str]) -> None:
    """What ends a report: what its totals lack, and as of when it is."""
    for line in lines:
        look.put(console, Text(line, "dim"))


def _side_by_side(console: Console, what: Report, by: Sequence[str], grid: Grid, currency: str) -> tuple[Table, str]:
    """As many models as fit into the console, in the order of SIDE_BY_SIDE."""
    there = pivot.models_of(grid)
    models = [model for model in SIDE_BY_SIDE if model in there] or there[: len(SIDE_BY_SIDE)]
    made = look.widest(console, models, lambda models: _models(what, by, grid, models))
    others = [model for model in there if model not in {column.header for column in made.columns}]
    return made, currency + (f"; --model also has {', '.join(others)}" if others else "")


def _models(what: Report, by: Sequence[str], grid: Grid, models: Sequence[str]) -> Table:
    lines = pivot.beside(grid, by, str(what.side_by_side), models)
    return _table(by, models, _ordered(what, by, lines), [_WHOLE] * len(models))


def _of_one_model(what: Report, by: Sequence[str], grid: Grid, currency: str) -> tuple[Table, str]:
    lines = pivot.summed(grid, by, what.measures)
    steps = [_WHOLE if measure in _MONEY else _TENTH for measure in what.measures]
    return _table(by, what.measures, _ordered(what, by, lines), steps), currency if what.side_by_side else ""


def _ordered(what: Report, by: Sequence[str], lines: list[pivot.Line]) -> list[pivot.Line]:
    return lines if tuple(by) == what.by else pivot.in_time(lines)


def _table(by: Sequence[str], headings: Sequence[str], lines: Sequence[pivot.Line], steps: Sequence[Decimal]) -> Table:
    """The lines and their total; both are rounded so that what is shown adds up."""
    lines = pivot.shown(lines, steps)
    forms = [look.money if step == _WHOLE else look.count for step in steps]
    made = look.table((*by, *headings), texts=len(by))
    look.add_rows(made, ((*line.of, *(f(v) for f, v in zip(forms, line.values, strict=True))) for line in lines))
    made.add_section()
    totals = [f(v) for f, v in zip(forms, pivot.total(lines), strict=True)]
    made.add_row("total", *[""] * (len(by) - 1), *totals, style="bold")
    return made
