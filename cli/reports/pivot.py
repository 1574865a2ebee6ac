"""Rows of a view into the lines of a table: measures added up over months, models side by side. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from cli.reports.asked import Period
from cli.reports.read import Grid, NoSuchReport


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


def by_period(grid: Grid, period: Period) -> Grid:
    """The rows with the month as `2026-03`, or added up over quarters such as `2026-Q1`.

    That is the first column then, and orders the rows. Raises NoSuchReport for rows without a month.
    """
    if "month" not in grid.columns:
        raise NoSuchReport(f"this report has no months; leave --by {period} out")
    at = grid.columns.index("month")
    named = [(_period(row[at], period), *row[:at], *row[at + 1 :]) for row in grid.rows]
    columns = [str(period), *grid.columns[:at], *grid.columns[at + 1 :]]
    numbers = [n for n in range(1, len(columns)) if any(isinstance(row[n], int | float | Decimal) for row in named)]
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for row in named:
        key = tuple(value for n, value in enumerate(row) if n not in numbers)
        line = sums.setdefault(key, [0] * len(row))
        for n, value in enumerate(row):
            line[n] = line[n] + (value or 0) if n in numbers else value
    return Grid(columns, sorted((tuple(line) for line in sums.values()), key=lambda row: row[0]))


def _period(month: date, period: Period) -> str:
    return f"{month:%Y-%m}" if period is Period.month else f"{month.year}-Q{(month.month + 2) // 3}"


def in_time(lines: Sequence[Line]) -> list[Line]:
    """Lines of which the first name is a period: by period, and as they stood within one."""
    return sorted(lines, key=lambda line: line.of[0])


def rounded(numbers: Sequence[Decimal], step: Decimal) -> list[Decimal]:
    """Multiples of `step` that add up to the sum's own rounding: each is rounded down, and those that lost most get
    a step more (largest remainder; ties to the earlier)."""
    whole = [(number / step).to_integral_value(ROUND_FLOOR) for number in numbers]
    missing = int((sum(numbers, Decimal(0)) / step).to_integral_value(ROUND_HALF_EVEN) - sum(whole))
    lost = sorted(range(len(numbers)), key=lambda n: whole[n] - numbers[n] / step)
    more = set(lost[:missing])
    return [(whole[n] + (n in more)) * step for n in range(len(numbers))]


def shown(lines: Sequence[Line], steps: Sequence[Decimal]) -> list[Line]:
    """The lines with each column rounded to its step, so that what is shown adds up to the total that is shown."""
    values = zip(*(line.values for line in lines), strict=True)
    columns = [rounded(column, step) for column, step in zip(values, steps, strict=True)]
    return [Line(line.of, tuple(column[n] for column in columns)) for n, line in enumerate(lines)]


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
