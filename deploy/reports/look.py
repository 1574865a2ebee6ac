"""How numbers and tables look: aligned, within 100 columns, the same in a pipe and on a terminal but for colour."""

import csv
import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.reports.read import Grid

WIDTH = 100
_BAR = 6


def console() -> Console:
    """The terminal, but never wider than reads well; 100 columns where there is none (COLUMNS says otherwise)."""
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
    """Print a table under its title. Where it is too wide for the console its lines run on: no number is cut."""
    to.print()
    to.print(Text.assemble("  ", (title, "bold"), ("  " + note if note else "", "dim")))
    put(to, made, width=max(to.width, to.measure(made, options=to.options.update(width=1000)).maximum + 2))


def put(to: Console, what: RenderableType, width: int | None = None) -> None:
    """Print indented; in a pipe without the spaces that rich fills lines up with."""
    with to.capture() as captured:
        to.print(Padding(what, (0, 0, 0, 2), expand=False), width=width, crop=False)
    text = captured.get()
    if not to.is_terminal:
        text = "".join(line.rstrip() + "\n" for line in text.splitlines())
    to.file.write(text)


def money(amount: Decimal) -> str:
    """Whole units with thousands separators."""
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


def bar(part: Decimal, most: Decimal) -> Text:
    """A bar as long as `part` is of `most`."""
    eighths = round(8 * _BAR * max(part, Decimal(0)) / most) if most > 0 else 0
    return Text("█" * (eighths // 8) + (" ▏▎▍▌▋▊▉"[eighths % 8]).strip(), style="cyan")


def cell(value: Any) -> str:
    """Any value of the warehouse in a table."""
    match value:
        case None:
            return ""
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


def lines(grid: Grid, most: int = 200) -> tuple[Table, str]:
    """A relation as it is, and a note when not all of it is shown."""
    numbers = {
        at for at in range(len(grid.columns)) if any(isinstance(r[at], int | float | Decimal) for r in grid.rows)
    }
    made = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for at, name in enumerate(grid.columns):
        made.add_column(name, justify="right" if at in numbers else "left", overflow="fold")
    add_rows(made, ([cell(value) for value in row] for row in grid.rows[:most]))
    more = len(grid.rows) - most
    return made, f"{more:,} more rows: --format csv has all" if more > 0 else ""


def add_rows(made: Table, rows: Iterable[Iterable[str | Text]]) -> None:
    """Add every row; texts are shown as they are, not read as markup."""
    for row in rows:
        made.add_row(*(Text(value) if isinstance(value, str) else value for value in row))
