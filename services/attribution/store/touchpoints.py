"""Touchpoints into warehouse.fct_touchpoint, and those of some people out of it."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import numpy as np

from services.attribution.domain.deals.touches import Origin, Touches
from services.attribution.domain.touch_row import COLUMNS
from services.attribution.store import copying
from shared.db import Connection
from shared.errors import Unavailable

_THERE = """
SELECT touchpoint_id::text, received_at, position FROM warehouse.fct_touchpoint WHERE touchpoint_id = ANY($1::uuid[])
"""
_TAKE_OUT = """
DELETE FROM warehouse.fct_touchpoint WHERE touchpoint_id = ANY($1::uuid[])
RETURNING identity, occurred_at, earns_credit
"""
# Of the texts only a hash travels: a hundred thousand touches have a few hundred different origins.
_OF_PEOPLE = """
SELECT asked.deal, asked.person, touch.touchpoint_id, touch.occurred_at, hash_record_extended(
    ROW(touch.channel, touch.session_source, touch.session_medium, touch.utm_campaign), $7::bigint),
    touch.channel_rules
FROM unnest($1::int[], $2::int[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
    AS asked (deal, person, person_id, since, until, latest)
JOIN attribution.identifier_span AS span USING (person_id)
JOIN warehouse.fct_touchpoint AS touch ON touch.identity = span.identity AND touch.earns_credit
    AND touch.occurred_at >= greatest(span.since, asked.since)
    AND touch.occurred_at < least(span.until, asked.until) AND touch.occurred_at <= asked.latest
"""
_ORIGINS = """
SELECT channel, session_source, session_medium, utm_campaign
FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (touchpoint_id, nth)
LEFT JOIN warehouse.fct_touchpoint USING (touchpoint_id) ORDER BY nth
"""
_SEED = secrets.randbits(62)
"""Of this process: nobody can make up two campaigns of one hash."""
_FACTS = """
SELECT touchpoint_id, occurred_at, kind, identity, channel, channel_rule, session_source, session_medium, utm_campaign,
    url, referrer
FROM warehouse.fct_touchpoint WHERE touchpoint_id = ANY($1::uuid[])
"""

Asked = tuple[int, int, str, datetime, datetime, datetime]
"""Whose touches are asked for: deal and person by their numbers, person id, since, until (exclusive), latest."""


class Displaced(NamedTuple):
    """What a touch was before its first receipt came."""

    identity: str | None
    occurred_at: datetime
    earns_credit: bool


_RECEIVED_AT, _POSITION = COLUMNS.index("received_at"), COLUMNS.index("position")


def receipt_of(row: tuple[Any, ...]) -> tuple[datetime, int]:
    """What receipts of one touchpoint are ordered by."""
    return row[_RECEIVED_AT], row[_POSITION]


async def of_people(connection: Connection, asked: Sequence[Asked]) -> tuple[Touches, frozenset[int]]:
    """The credit-earning touches of these people in these times, and the numbers of what classified them.

    Raises Unavailable when one of them has just made way for an earlier receipt.
    """
    if not asked:
        none = np.zeros(0, dtype=np.int64)
        return Touches(none, none, none, none, np.zeros((0, 2), dtype=np.uint64), ()), frozenset()
    columns = [[row[n] for row in asked] for n in range(6)]
    kinds = ">i4", ">i4", "(2,)>u8", ">i8", ">i8", ">i4"
    deal, person, ids, at, hashed, rules = await copying.read(connection, _OF_PEOPLE, (*columns, _SEED), kinds)
    ids = ids.astype(np.uint64)
    _, first, origin = np.unique(hashed, return_index=True, return_inverse=True)
    some = [UUID(int=high << 64 | low) for high, low in ids[first].tolist()]
    origins = tuple(Origin(*row) for row in await connection.fetch(_ORIGINS, some))
    if any(origin.channel is None for origin in origins):
        raise Unavailable("a touch has just made way for an earlier receipt of it; computing again")
    at = at + copying.MICROS_TO_2000
    numbers = [column.astype(np.int64) for column in (deal, person, at, origin)]
    return Touches.of(numbers[0], numbers[1], numbers[2], numbers[3], ids, origins), frozenset(
        np.unique(rules).tolist()
    )


async def facts(connection: Connection, touchpoint_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What explains these touches' channels, by touchpoint id."""
    rows = await connection.fetch(_FACTS, touchpoint_ids)
    return {str(row["touchpoint_id"]): dict(row) for row in rows}


async def store(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Displaced]:
    """Insert rows in the order of COLUMNS; of several receipts of a touchpoint the first stands, whichever came first.

    Returns what was there of touchpoints whose earlier receipt came only now.
    COPY straight into the table costs PostgreSQL half of what a detour over a temporary table does. Its price: should
    another process store the same event at the same moment, the batch is tried again (Unavailable).
    """
    there = await connection.fetch(_THERE, [row[0] for row in rows])
    displaced: list[Displaced] = []
    if there:
        receipts = {row["touchpoint_id"]: (row["received_at"], row["position"]) for row in there}
        earlier = [row[0] for row in rows if row[0] in receipts and receipt_of(row) < receipts[row[0]]]
        if earlier:
            displaced = [Displaced(*row) for row in await connection.fetch(_TAKE_OUT, earlier)]
        rows = [row for row in rows if row[0] not in receipts or receipt_of(row) < receipts[row[0]]]
    try:
        await connection.copy_records_to_table("fct_touchpoint", schema_name="warehouse", records=rows, columns=COLUMNS)
    except asyncpg.UniqueViolationError as error:
        raise Unavailable("another process has just stored one of these touchpoints; trying again") from error
    return displaced
