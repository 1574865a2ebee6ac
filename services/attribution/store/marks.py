"""Marks: which deals are to be computed again.

Marks are only ever added, so nobody waits for anybody to mark; a recompute deletes the marks it saw, then reads. A mark
is committed with the change it stands for, so what the recompute did not see has a mark it did not delete.

Two batches may each hold half of the reason: one the touch, the other the person it belongs to. Alone neither finds the
deal. So marking is done under one lock, kept to the commit: the later of the two sees what the earlier one wrote.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from shared.db import Connection

_LOCK = "SELECT pg_advisory_xact_lock(7052026, 10)"
_MARK = "INSERT INTO attribution.dirty_deal (deal_id) SELECT unnest($1::text[])"
_MARK_EVERY = "INSERT INTO attribution.dirty_deal (deal_id) SELECT deal_id FROM attribution.deal"
_MARK_FAILED = f"{_MARK_EVERY} WHERE error IS NOT NULL"
_MARK_CREDITED = """
INSERT INTO attribution.dirty_deal (deal_id) SELECT deal_id FROM attribution.deal
WHERE EXISTS (SELECT FROM warehouse.fct_deal_entry AS entry
              WHERE entry.deal_id = deal.deal_id AND superseded_at IS NULL)
"""


def deals_touched(touched: str) -> str:
    """The query of the deals that touches can bear on; `touched`: rows of (identity, earliest, latest), as SQL."""
    return f"""
SELECT DISTINCT deal.deal_id
FROM ({touched}) AS touched (identity, earliest, latest)
JOIN attribution.identifier_span AS span
    ON span.identity = touched.identity AND touched.latest >= span.since AND touched.earliest < span.until
JOIN attribution.person USING (person_id)
CROSS JOIN LATERAL unnest(person.keys) AS own (key)
JOIN attribution.deal_key USING (key)
JOIN attribution.deal USING (deal_id)
WHERE touched.earliest <= deal.touched_until
"""  # noqa: S608 - made of constants


_TOUCHED = "SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])"
_MARK_TOUCHED = f"INSERT INTO attribution.dirty_deal (deal_id) {deals_touched(_TOUCHED)}"
_MARK_PEOPLE = """
INSERT INTO attribution.dirty_deal (deal_id)
SELECT DISTINCT deal_key.deal_id
FROM attribution.person CROSS JOIN LATERAL unnest(person.keys) AS own (key) JOIN attribution.deal_key USING (key)
WHERE person.person_id = ANY($1::uuid[])
"""

Span = tuple[datetime, datetime]


async def lock(connection: Connection) -> None:
    """Take the marking lock; it is held until the transaction ends, so mark last."""
    await connection.execute(_LOCK)


async def deals(connection: Connection, deal_ids: Iterable[str]) -> None:
    """Mark these deals."""
    await connection.execute(_MARK, list(deal_ids))


async def every(connection: Connection) -> None:
    """Mark every deal."""
    await connection.execute(_MARK_EVERY)


async def failed(connection: Connection) -> None:
    """Mark the deals that could not be computed."""
    await connection.execute(_MARK_FAILED)


async def credited(connection: Connection) -> int:
    """Mark the deals that have an entry; how many."""
    return int((await connection.execute(_MARK_CREDITED)).split()[-1])


async def touched(connection: Connection, touched: Mapping[str, Span]) -> None:
    """Mark the deals that credit-earning touches of these identities, between these times, can bear on."""
    await connection.execute(
        _MARK_TOUCHED, list(touched), [first for first, _ in touched.values()], [last for _, last in touched.values()]
    )


async def of_people(connection: Connection, person_ids: list[str]) -> None:
    """Mark the deals that depend on these people, or did before they changed."""
    await connection.execute(_MARK_PEOPLE, person_ids)
