"""One measured figure, and the table of them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """One figure beside its floor.

    `value` in `unit`; `note` says what it depends on, such as CPU milliseconds per 1,000 events of each process.
    `floor` is what the least possible work of that kind comes to, measured in the same run and in the same unit (an
    application that does nothing, COPY of the same rows into a bare table, a consumer that only fetches), and
    `floor_note` says what that was; None where nothing was measured beside it. Machines differ; ratios hardly do.
    """

    name: str
    value: float
    unit: str
    note: str = ""
    floor: float | None = None
    floor_note: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure by its floor: of a rate the part reached (up to 1), of a time how many times as long (from 1)."""
        return self.value / self.floor if self.floor else None


def show(title: str, rows: list[Row]) -> None:
    """Print a group of figures as a table."""
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("what")
    for heading in ("value", "floor", "ratio"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    table.add_column("note", overflow="fold")
    for row in rows:
        floor = "" if row.floor is None else _figure(row.floor)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        notes = "; ".join(note for note in (row.note, row.floor_note and f"floor: {row.floor_note}") if note)
        table.add_row(row.name, _figure(row.value), floor, ratio, row.unit, notes)
    Console(width=None if Console().is_terminal else 140).print(table)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def write(path: Path, groups: dict[str, list[Row]]) -> None:
    """Write all groups as JSON, each row with its ratio."""
    document = {name: [_as_json(row) for row in rows] for name, rows in groups.items()}
    path.write_text(json.dumps(document, indent=2) + "\n")


def _as_json(row: Row) -> dict[str, Any]:
    return row._asdict() | {"ratio": row.ratio}
