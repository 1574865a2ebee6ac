"""The texts of comments.yaml as comments of the database: what a BI tool shows beside a name.

docs/warehouse.md has the same texts; a test compares the two with a migrated database.
"""

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from sqlalchemy import Connection

_FILE = Path(__file__).with_name("comments.yaml")
_RELATIONS = """
SELECT relname, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind FROM pg_class
WHERE relnamespace = 'warehouse'::regnamespace AND relkind IN ('r', 'p', 'v')
"""


class Relation(NamedTuple):
    """A table or view of schema warehouse, what it `says`, and what each column means.

    `own` are the columns besides those it has from the relation it is `like`.
    """

    section: str
    name: str
    says: str
    like: str | None
    own: dict[str, str]
    columns: dict[str, str]


class UnknownRelation(ValueError):
    """comments.yaml has a relation that the database does not have."""


def text() -> str:
    """The file as it is."""
    return _FILE.read_text(encoding="utf-8")


def relations() -> list[Relation]:
    """Every relation, in the order of the page."""
    sections = yaml.safe_load(text())
    every = {name: told for there in sections.values() for name, told in there.items()}
    return [
        Relation(section, name, told["says"], told.get("like"), told["columns"], _columns(every, told))
        for section, there in sections.items()
        for name, told in there.items()
    ]


def _columns(every: dict[str, Any], told: dict[str, Any]) -> dict[str, str]:
    inherited = _columns(every, every[told["like"]]) if "like" in told else {}
    return {**inherited, **told["columns"]}


def write(connection: Connection) -> None:
    """Give every relation and column its comment. Raises UnknownRelation, or DBAPIError for an unknown column."""
    kinds = {row.relname: row.kind for row in connection.exec_driver_sql(_RELATIONS)}
    for relation in relations():
        if relation.name not in kinds:
            raise UnknownRelation(f"migrations/comments.yaml: there is no relation warehouse.{relation.name}")
        _comment(connection, f"{kinds[relation.name]} warehouse.{relation.name}", relation.says)
        for column, meaning in relation.columns.items():
            _comment(connection, f"COLUMN warehouse.{relation.name}.{column}", meaning)


def _comment(connection: Connection, on: str, says: str) -> None:
    quoted = says.replace("'", "''")
    connection.exec_driver_sql(f"COMMENT ON {on} IS '{quoted}'")
