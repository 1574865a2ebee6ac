"""The ledger of changes and its sum, under the lock that gives stamps and commits one order.

Whoever has the stamp holds the lock to the commit. So a run with an earlier stamp is committed when one with a later
stamp is, and what a report saw at a stamp can be had again for ever.
"""

from collections.abc import Mapping
from datetime import datetime

from services.attribution.domain.deals.lines import Line, Measures
from shared.db import Connection
from shared.errors import Unavailable

_ZONE = "SELECT reporting_zone FROM attribution.setting"
_STAMP = """
UPDATE attribution.newest_stamp SET at = greatest(clock_timestamp(), at + interval '1 microsecond') RETURNING at
"""
_COLUMNS = (
    "model", "month", "origin_id", "amount", "sales", "deals", "source_deals", "unrated", "source_unrated", "held",
)  # fmt: skip
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS changed_line (LIKE attribution.credit_change) ON COMMIT DELETE ROWS
"""
_CHANGE = "INSERT INTO attribution.credit_change SELECT * FROM changed_line"
_TOTAL = f"""
INSERT INTO attribution.credit_total AS known ({", ".join(_COLUMNS)}) SELECT {", ".join(_COLUMNS)} FROM changed_line
ON CONFLICT (model, month, origin_id) DO UPDATE SET
    {", ".join(f"{name} = known.{name} + excluded.{name}" for name in _COLUMNS[3:])}
"""  # noqa: S608 - the names are ours
_EMPTIED = """
DELETE FROM attribution.credit_total AS total USING changed_line AS line
WHERE total.held = 0 AND total.model = line.model AND total.month IS NOT DISTINCT FROM line.month
    AND total.origin_id = line.origin_id
"""


async def zone(connection: Connection) -> str:
    """The zone whose months the lines are in."""
    found: str = await connection.fetchval(_ZONE)
    return found


async def stamp(connection: Connection, zone_before: str) -> datetime:
    """Take the lock; the moment that everything written from now to the commit is recorded at.

    Raises Unavailable when the reporting zone is not that of `zone_before` any more: the months are other ones then.
    """
    at: datetime = await connection.fetchval(_STAMP)
    if await zone(connection) != zone_before:
        raise Unavailable("the reporting zone has just been changed; computing again")
    return at


async def apply(connection: Connection, changed: Mapping[Line, Measures], run_id: int | None, at: datetime) -> None:
    """Note what a run changed, and add it up. The lock is held: no two processes add to one line at once."""
    if not changed:
        return
    await connection.execute(_STAGE)
    records = [(at, run_id, *line, *measures) for line, measures in changed.items()]
    await connection.copy_records_to_table(
        "changed_line", columns=("recorded_at", "run_id", *_COLUMNS), records=records
    )
    for statement in (_CHANGE, _TOTAL, _EMPTIED):
        await connection.execute(statement)
