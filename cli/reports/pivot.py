"""Rows of a view into the lines of a table: measures added up over months, models side by side. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from cli.reports.read import Grid


class Line(NamedTuple):
    """One line: what it is of, and a number for each column."""

    of: tuple[str, ...]
    values: tuple[Decimal, ...]


def summed(grid: Grid, by: Sequence[str], measures: Sequence[str]) -> list[Line]:
    """Every measure added up for each distinct `by`, the largest first measure first."""
    of, wanted = _indices(grid, by), _indices(grid, measures)
    sums: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(wanted))
    for row in grid.rows:
        line = sums[tuple(str(row[i]) for i in of)]
        for at, i in enumerate(wanted):
            line[at] += _number(row[i])
    return _largest_first([Line(key, tuple(values)) for key, values in sums.items()])


def beside(grid: Grid, by: Sequence[str], measure: str, models: Sequence[str]) -> list[Line]:
    """One measure, one column for each model; the largest under the first model first."""
    of, (model_at, measure_at) = _indices(grid, by), _indices(grid, ("model", measure))
    sums: dict[tuple[str, ...], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(models, Decimal(0)))
    for row in grid.rows:
        if row[model_at] in models:
            sums[tuple(str(row[i]) for i in of)][row[model_at]] += _number(row[measure_at])
    return _largest_first([Line(key, tuple(values[m] for m in models)) for key, values in sums.items()])


def total(lines: Sequence[Line]) -> tuple[Decimal, ...]:
    """Every column added up."""
    return tuple(sum(column, Decimal(0)) for column in zip(*(line.values for line in lines), strict=True))


def models_of(grid: Grid) -> list[str]:
    """The models that occur."""
    (at,) = _indices(grid, ("model",))
    return sorted({row[at] for row in grid.rows})


def _indices(grid: Grid, names: Sequence[str]) -> list[int]:
    return [grid.columns.index(name) for name in names]


def _largest_first(lines: list[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (tuple(-value for value in line.values), line.of))


def _number(value: Any) -> Decimal:
    """An amount that is not known (no rate yet) counts nothing here; the view has it as null."""
    return Decimal(0) if value is None else Decimal(value) if isinstance(value, int | Decimal) else Decimal(str(value))
