"""What schema warehouse shows besides its tables: one file for each view or function, named after it.

To change a view, edit its file and its part of comments.yaml; the next `upgrade` replaces all of them (see
migrations.publish). A file holds statements that a line of `--` separates; the first creates `warehouse.<name of the
file>`, and the others may grant. A function's body is a string (`AS $$ ... $$`), so that it can be dropped apart from
the views. No file says in which order the views are made: a file that names `warehouse.<other>` comes after it.
"""

import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
_CREATED = re.compile(r"CREATE (VIEW|FUNCTION) warehouse\.(\w+)\b")


class Published(NamedTuple):
    """One file: `kind` is VIEW or FUNCTION."""

    name: str
    kind: str
    sql: str


def in_order() -> list[Published]:
    """Every file, each after those it reads. Raises ValueError for a file that creates something else."""
    read = {path.stem: _read(path) for path in sorted(HERE.glob("*.sql"))}
    needs = {
        name: [other for other in read if other != name and re.search(rf"\bwarehouse\.{other}\b", one.sql)]
        for name, one in read.items()
    }
    return [read[name] for name in TopologicalSorter(needs).static_order()]


def _read(path: Path) -> Published:
    sql = path.read_text(encoding="utf-8")
    created = _CREATED.search(sql)
    if created is None or created[2] != path.stem:
        raise ValueError(f"{path.name} must create warehouse.{path.stem}, by CREATE VIEW or CREATE FUNCTION")
    return Published(path.stem, created[1], sql)
