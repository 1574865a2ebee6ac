"""How numbers and tables look: aligned, within 80 columns, the same in a pipe and on a terminal but for colour."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.reports.read import Grid, LeftOut

WIDTH = 80
_BAR = 6


def console() -> Console:
    """The terminal, but never wider than reads well; 80 columns where there is none (COLUMNS says otherwise)."""
    plain = Console()
    if "COLUMNS" in os.environ:
        return plain
    return Console(width=min(plain.width, 120) if plain.is_terminal else WIDTH)


def table(headings: Sequence[str], texts: int = 1) -> Table:
    """An empty table: the first `texts` columns are names, the rest numbers. No lines where space will do."""
    made = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0), footer_style="bold")
    for at, heading in enumerate(headings):
        made.add_column(heading, justify="left" if at < texts else "right", no_wrap=True, overflow="ellipsis")
    return made


def show(to: Console, made: Table, title: str, note: str = "") -> None:
    """Print a table under its title. One too wide for the console has its texts folded; no number is ever cut."""
    to.print()
    put(to, Text.assemble((title, "bold"), ("  " + note if note else "", "dim")))
    if natural_width(to, made) + 2 > to.width:
        for column in made.columns:
            column.no_wrap, column.overflow = column.justify == "right", "fold"
    put(to, made, width=max(to.width, least_width(to, made) + 2))


def widest(to: Console, models: Sequence[str], made_of: Callable[[Sequence[str]], Table]) -> Table:
    """The table of as many of these models, from the first on, as fit into the console; of one at least."""
    for most in range(len(models), 1, -1):
        if fits(to, made := made_of(models[:most])):
            return made
    return made_of(models[:1])


def fits(to: Console, made: Table) -> bool:
    """Whether a table can be shown without a number being cut, or a text being folded."""
    return natural_width(to, made) + 2 <= to.width


def least_width(to: Console, made: Table) -> int:
    """The columns a table takes when its texts are folded as far as they can be."""
    return to.measure(made, options=to.options.update(width=10_000)).minimum


def natural_width(to: Console, made: Table) -> int:
    """The columns a table takes when nothing in it is folded."""
    return to.measure(made, options=to.options.update(width=10_000)).maximum


def put(to: Console, what: RenderableType, width: int | None = None) -> None:
    """Print indented, `width` columns wide if need be; in a pipe without the spaces that rich fills lines up with."""
    usual = to.width
    to.width = width or usual
    try:
        with to.capture() as captured:
            to.print(Padding(what, (0, 0, 0, 2), expand=False))
    finally:
        to.width = usual
    text = captured.get()
    if not to.is_terminal:
        text = "".join(line.rstrip() + "\n" for line in text.splitlines())
    to.file.write(text)


def when(at: str | None, year: bool = True) -> str:
    """A service's RFC 3339 time to the minute, UTC; nothing for none."""
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M" if year else "%m-%d %H:%M") if at else ""


def money(amount: Decimal) -> str:
    """Whole units with thousands separators; less than half a unit is a dash."""
    return f"{amount:,.0f}" if round(amount) else "-"


def exact(amount: Decimal, currency: str) -> str:
    """To the minor unit, with the currency."""
    sign, symbol = ("-" if amount < 0 else ""), {"USD": "$", "EUR": "€", "GBP": "£"}.get(currency, f"{currency} ")
    return f"{sign}{symbol}{abs(amount):,.2f}"


def count(number: Decimal) -> str:
    """A count: whole, or with one decimal where credit is shared."""
    if not number:
        return "-"
    return f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,.1f}"


def share(part: Decimal, whole: Decimal) -> str:
    """Per cent of the whole."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def left_out(what: LeftOut) -> str:
    """The line below a report that says what its totals lack; empty when they lack nothing."""
    parts = []
    if what.without_rate:
        deals = sum(number for _, number, _ in what.without_rate)
        amounts = ", ".join(f"{currency} {Decimal(amount):,.2f}" for currency, _, amount in what.without_rate)
        parts.append(f"{deals:,} deal{'s' * (deals != 1)} without a rate: {amounts}")
    if what.without_amount:
        parts.append(f"{what.without_amount:,} open deal{'s' * (what.without_amount != 1)} without an amount")
    return f"not in these totals: {'; '.join(parts)}" if parts else ""


def stamp(at: datetime | None) -> str:
    """As of when a report is, such that --as-of takes it; empty while nothing is recorded."""
    return f"as of {at.isoformat()}" if at else ""


def bar(part: Decimal, most: Decimal) -> Text:
    """A bar as long as `part` is of `most`."""
    eighths = round(8 * _BAR * max(part, Decimal(0)) / most) if most > 0 else 0
    return Text("█" * (eighths // 8) + (" ▏▎▍▌▋▊▉"[eighths % 8]).strip(), style="cyan")


def cell(value: Any) -> str:
    """Any value of the warehouse in a table."""
    match value:
        case None | bool():
            return {None: "", True: "yes", False: "no"}[value]
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case float() | Decimal():
            return f"{value:,.2f}"
        case int():
            return f"{value:,}"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def as_csv(grid: Grid) -> None:
    """The rows on standard output as CSV: numbers plain, times RFC 3339."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(grid.columns)
    writer.writerows([_plain(value) for value in row] for row in grid.rows)


def as_json(grid: Grid) -> None:
    """The rows as a JSON list of objects; amounts are texts, so that no cent is lost on the way."""
    print(json.dumps([dict(zip(grid.columns, map(_plain, row), strict=True)) for row in grid.rows], indent=1))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


def show_as_it_is(to: Console, grid: Grid, title: str, note: str = "", most: int = 200) -> None:
    """Any relation: a table, or one row below the other where the table would be wider than the console."""
    numbers = {
        at for at in range(len(grid.columns)) if any(isinstance(r[at], int | float | Decimal) for r in grid.rows)
    }
    made = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for at, name in enumerate(grid.columns):
        made.add_column(name, justify="right" if at in numbers else "left", no_wrap=True)
    add_rows(made, ([cell(value) for value in row] for row in grid.rows[:most]))
    if natural_width(to, made) + 2 <= to.width:
        show(to, made, title, note)
    else:
        most //= len(grid.columns)
        to.print()
        put(to, Text.assemble((title, "bold"), ("  " + note if note else "", "dim")))
        for row in grid.rows[:most]:
            put(to, _record(grid.columns, row))
    if len(grid.rows) > most:
        put(to, Text(f"{len(grid.rows) - most:,} more rows: --format csv has all", "dim"))


def _record(columns: Sequence[str], row: Sequence[Any]) -> Table:
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    add_rows(made, ((name, cell(value)) for name, value in zip(columns, row, strict=True) if value is not None))
    made.add_row()
    return made


def add_rows(made: Table, rows: Iterable[Iterable[str | Text]]) -> None:
    """Add every row; texts are shown as they are, not read as markup."""
    for row in rows:
        made.add_row(*(Text(value) if isinstance(value, str) else value for value in row))
