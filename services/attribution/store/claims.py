"""Taking marked deals: whoever holds a deal's row computes it, others pass it by."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.db import Connection

_CLAIM = """
SELECT deal_id, digest FROM attribution.deal
WHERE deal_id IN (SELECT deal_id FROM attribution.dirty_deal WHERE mark_id <= $2 ORDER BY mark_id LIMIT 4 * $1)
ORDER BY deal_id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_UNMARK = "DELETE FROM attribution.dirty_deal WHERE deal_id = ANY($1)"
_SET_ASIDE = "UPDATE attribution.deal SET error = $2 WHERE deal_id = $1"
_WAITING = """
SELECT (SELECT count(*) FROM (SELECT FROM attribution.dirty_deal LIMIT $1) AS first) AS waiting,
    coalesce((SELECT max(mark_id) FROM attribution.dirty_deal), 0) AS newest
"""
_NEWEST = "SELECT max(mark_id) FROM attribution.dirty_deal"


class Waiting(NamedTuple):
    """How many marks wait, as far as they were counted, and the newest of them (marks are numbered as they come)."""

    waiting: int
    newest: int


async def waiting(connection: Connection, most: int) -> Waiting:
    """The marks that wait, counted up to `most`."""
    return Waiting(*await connection.fetchrow(_WAITING, most))


async def newest_mark(connection: Connection) -> int | None:
    """The newest mark; None when no deal is marked."""
    mark: int | None = await connection.fetchval(_NEWEST)
    return mark


async def claim(connection: Connection, most: int, upto: int) -> dict[str, str | None]:
    """Up to `most` deals marked by `upto` or before, each with the digest of what stands for it."""
    return {row["deal_id"]: row["digest"] for row in await connection.fetch(_CLAIM, most, upto)}


async def unmark(connection: Connection, deal_ids: Sequence[str]) -> None:
    """Delete the marks there are. What is read after this includes whatever they were set for."""
    await connection.execute(_UNMARK, deal_ids)


async def give_up(connection: Connection, upto: int, why: str) -> str | None:
    """Set aside the one deal that `claim(connection, 1, upto)` would take: it is tried again when it is marked."""
    for deal_id in await claim(connection, 1, upto):
        await unmark(connection, [deal_id])
        await connection.execute(_SET_ASIDE, deal_id, why[:2000])
        return deal_id
    return None
