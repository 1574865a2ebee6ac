"""Rows of the warehouse, read as bi_reader: what this shows, every BI tool can see."""

from typing import Any, NamedTuple

import asyncpg

from cli.reports.registry import REPORTS
from shared import db
from shared.errors import ClosedloopError, EngineError

_RELATIONS = """
SELECT relname AS name, coalesce(obj_description(oid, 'pg_class'), '') AS says
FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace AND relkind IN ('r', 'v', 'm', 'p')
    AND has_table_privilege(oid, 'SELECT')
ORDER BY relkind DESC, relname
"""


class NoSuchReport(ClosedloopError):
    """The warehouse has no relation of that name."""


class Grid(NamedTuple):
    """Rows as they came: `columns` name the values of each row."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


class Warehouse:
    """Schema `warehouse` of one database: `async with Warehouse(url) as warehouse`."""

    def __init__(self, database_url: str) -> None:
        self._pool = db.engine(database_url, role="bi_reader", pool_size=1)

    async def __aenter__(self) -> "Warehouse":
        """Nothing is asked yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        await self._pool.dispose()

    async def relations(self) -> dict[str, str]:
        """What can be asked for, and a line on each: reports first, then every other relation."""
        there = {row[0]: row[1] for row in (await self.query(_RELATIONS)).rows}
        first = {report.name: report.says for report in REPORTS if report.name in there}
        return first | {name: says for name, says in there.items() if name not in first}

    async def rows(self, name: str, model: str | None = None) -> Grid:
        """Every row of a relation, of one model where it has models. Raises NoSuchReport."""
        there = await self.relations()
        if name not in there:
            raise NoSuchReport(f"There is no report {name!r}; there are {', '.join(there)}")
        if model is None:
            return await self.query(f"SELECT * FROM warehouse.{name}")  # noqa: S608 - a name the database gave
        try:
            grid = await self.query(f"SELECT * FROM warehouse.{name} WHERE model = $1", model)  # noqa: S608
        except asyncpg.UndefinedColumnError:
            raise NoSuchReport(f"{name} does not depend on a model; leave --model out") from None
        if not grid.rows:
            models = await self.query(f"SELECT DISTINCT model FROM warehouse.{name} ORDER BY 1")  # noqa: S608
            others = ", ".join(row[0] for row in models.rows)
            raise NoSuchReport(
                f"{name} has nothing of model {model!r}; " + (f"it has {others}" if others else "it is empty")
            )
        return grid

    async def query(self, sql: str, *values: Any) -> Grid:
        """The rows of a statement. Raises EngineError when the database does not answer or is not migrated."""
        try:
            async with db.transaction(self._pool) as connection:
                statement = await connection.prepare(sql)
                columns = [attribute.name for attribute in statement.get_attributes()]
                return Grid(columns, [tuple(row) for row in await statement.fetch(*values)])
        except (
            asyncpg.InvalidSchemaNameError,
            asyncpg.InvalidParameterValueError,
            asyncpg.UndefinedObjectError,
        ) as error:
            raise EngineError(f"The database is not migrated ({error}): `closedloop up` does that.") from error
        except db.TRANSIENT as error:
            raise EngineError(f"PostgreSQL does not answer: {error or type(error).__name__}") from error
