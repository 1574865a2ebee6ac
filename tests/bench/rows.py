"""One measured figure, and the table of them."""

import json
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """`value` in `unit`; `note` says what it depends on, such as CPU milliseconds per 1,000 events of each process."""

    name: str
    value: float
    unit: str
    note: str = ""


def show(title: str, rows: list[Row]) -> None:
    """Print a group of figures as a table."""
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("what")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("note", overflow="fold")
    for row in rows:
        table.add_row(row.name, f"{row.value:,.0f}" if row.value >= 100 else f"{row.value:,.2f}", row.unit, row.note)
    Console(width=None if Console().is_terminal else 140).print(table)


def write(path: Path, groups: dict[str, list[Row]]) -> None:
    """Write all groups as JSON."""
    document = {name: [row._asdict() for row in rows] for name, rows in groups.items()}
    path.write_text(json.dumps(document, indent=2) + "\n")
