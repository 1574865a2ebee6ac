"""Rows of the warehouse, read as bi_reader: what this shows, every BI tool can see."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import asyncpg

from cli.reports.asked import Asked
from cli.reports.registry import REPORTS, known
from shared import db
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError, EngineError

_RELATIONS = """
SELECT relname AS name, coalesce(obj_description(oid, 'pg_class'), '') AS says,
    ARRAY(
        SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    ) AS columns,
    EXISTS (
        SELECT FROM pg_proc WHERE pronamespace = relnamespace AND proname = relname || '_as_of'
    ) AS as_of
FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace AND relkind IN ('r', 'v', 'm', 'p')
    AND has_table_privilege(oid, 'SELECT')
ORDER BY relkind DESC, relname
"""
_ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LEFT_OUT = """
SELECT currency, count(DISTINCT deal_id) AS deals, sum(amount) AS amount
FROM warehouse.fct_deal_entry CROSS JOIN warehouse.setting
WHERE amount_base IS NULL AND (kind = 'pipeline') = ($1 = 'pipeline')
    AND recorded_at <= coalesce($2::timestamptz, 'infinity') AND (superseded_at IS NULL OR superseded_at > $2)
    AND (occurred_at AT TIME ZONE reporting_zone)::date >= coalesce($3::date, '-infinity')
    AND (occurred_at AT TIME ZONE reporting_zone) < coalesce($4::date + interval '1 month', 'infinity')
GROUP BY currency ORDER BY currency
"""
_WITHOUT_AMOUNT = "SELECT count(*) FROM warehouse.fct_deal WHERE amount IS NULL AND status = 'open'"


class NoSuchReport(ClosedloopError):
    """The warehouse has no relation of that name, or not in the way it was asked for."""


class Grid(NamedTuple):
    """Rows as they came: `columns` name the values of each row."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


class LeftOut(NamedTuple):
    """Deals whose money is in no total: currency, how many, their amount; and open deals that have no amount yet."""

    without_rate: Sequence[tuple[str, int, Any]] = ()
    without_amount: int = 0


class Answer(NamedTuple):
    """A report's rows, the stamp by which they can be asked for again (None: nothing is recorded yet), and the rest."""

    grid: Grid
    as_of: datetime | None
    left_out: LeftOut


class Relation(NamedTuple):
    """A table or view: what it says, its columns, and whether its function `<name>_as_of` answers for the past."""

    says: str
    columns: list[str]
    as_of: bool


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

    async def relations(self) -> dict[str, Relation]:
        """What can be asked for: reports first, then every other relation."""
        there = {row[0]: Relation(*row[1:]) for row in (await self.query(_RELATIONS)).rows}
        first = {
            report.name: there[report.name]._replace(says=report.says) for report in REPORTS if report.name in there
        }
        return first | {name: relation for name, relation in there.items() if name not in first}

    async def rows(self, name: str, model: str | None = None) -> Grid:
        """Every row of a relation, of one model where it has models. Raises NoSuchReport."""
        return (await self.report(name, Asked(model))).grid

    async def report(self, name: str, asked: Asked) -> Answer:
        """A relation as it is asked for, all of it from one snapshot. Raises NoSuchReport."""
        there = await self.relations()
        if name not in there:
            raise NoSuchReport(f"There is no report {name!r}; there are {', '.join(there)}")
        sql, values = _select(name, there[name], asked)
        try:
            async with db.transaction(self._pool) as connection:
                await connection.execute(_ONE_SNAPSHOT)
                stamp = await connection.fetchval("SELECT warehouse.as_of()")
                grid = await _grid(connection, sql, *values)
                if asked.model is not None and not grid.rows:
                    raise NoSuchReport(await _no_rows(connection, name, asked.model))
                left_out = await _left_out(connection, name, asked)
        except db.TRANSIENT as error:
            raise EngineError(f"PostgreSQL does not answer: {error or type(error).__name__}") from error
        return Answer(grid, asked.as_of or stamp, left_out)

    async def query(self, sql: str, *values: Any) -> Grid:
        """The rows of a statement. Raises EngineError when the database does not answer or is not migrated."""
        try:
            async with db.transaction(self._pool) as connection:
                return await _grid(connection, sql, *values)
        except (
            asyncpg.InvalidSchemaNameError,
            asyncpg.InvalidParameterValueError,
            asyncpg.UndefinedObjectError,
        ) as error:
            raise EngineError(f"The database is not migrated ({error}): `{CLOSEDLOOP} up` does that.") from error
        except db.TRANSIENT as error:
            raise EngineError(f"PostgreSQL does not answer: {error or type(error).__name__}") from error


def _select(name: str, relation: Relation, asked: Asked) -> tuple[str, list[Any]]:
    """The query for a relation whose name the database gave, and its values."""
    source, conditions, values = f"warehouse.{name}", [], list[Any]()
    if asked.as_of is not None:
        if asked.as_of > datetime.now(UTC):
            raise NoSuchReport(f"{asked.as_of.isoformat()} is yet to come: what stands then is not known")
        values.append(asked.as_of)
        if relation.as_of:
            source = f"warehouse.{name}_as_of($1)"
        elif {"recorded_at", "superseded_at"} <= set(relation.columns):
            conditions += ["recorded_at <= $1", "(superseded_at IS NULL OR superseded_at > $1)"]
        else:
            raise NoSuchReport(f"{name} is only kept as it is now; leave --as-of out")
    if asked.model is not None:
        if "model" not in relation.columns:
            raise NoSuchReport(f"{name} does not depend on a model; leave --model out")
        values.append(asked.model)
        conditions.append(f"model = ${len(values)}")
    for bound, comparison, option in ((asked.since, ">=", "--from"), (asked.until, "<=", "--to")):
        if bound is not None:
            if "month" not in relation.columns:
                raise NoSuchReport(f"{name} has no months; leave {option} out")
            values.append(bound)
            conditions.append(f"month {comparison} ${len(values)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT * FROM {source}{where}", values  # noqa: S608 - the names are the database's own


async def _grid(connection: Any, sql: str, *values: Any) -> Grid:
    statement = await connection.prepare(sql)
    columns = [attribute.name for attribute in statement.get_attributes()]
    return Grid(columns, [tuple(row) for row in await statement.fetch(*values)])


async def _no_rows(connection: Any, name: str, model: str) -> str:
    models = await _grid(connection, f"SELECT DISTINCT model FROM warehouse.{name} ORDER BY 1")  # noqa: S608
    others = [row[0] for row in models.rows]
    if model in others:
        return f"{name} has nothing of model {model!r} in that time"
    return f"{name} has nothing of model {model!r}; " + (f"it has {', '.join(others)}" if others else "it is empty")


async def _left_out(connection: Any, name: str, asked: Asked) -> LeftOut:
    report = known(name)
    if report is None or report.money is None:
        return LeftOut()
    rows = (await _grid(connection, _LEFT_OUT, report.money, asked.as_of, asked.since, asked.until)).rows
    incomplete = 0
    if report.money == "pipeline" and asked.as_of is None:
        incomplete = await connection.fetchval(_WITHOUT_AMOUNT)
    return LeftOut([(row[0], row[1], row[2]) for row in rows], incomplete)
