"""Touches and costs classified anew: staged chunk by chunk, put in force at once, taken back whole.

Only what came out differently is staged, as it was and as it will be; everything else that the rebuild covers is the
same under the new version, which the switch therefore gives to the numbers themselves.
"""

from collections.abc import Iterable
from typing import Any

from services.attribution.domain.channels.stored import Ruled
from services.attribution.store.marks import deals_touched
from services.attribution.store.rebuilds import Rebuild
from shared.db import Connection

_RULED = ", ".join(Ruled._fields)
_BLOCKS = f"""
SELECT touchpoint_id, kind, referrer, url, click_ids::text, is_bot, consent, {_RULED}
FROM warehouse.fct_touchpoint
WHERE ctid >= format('(%s,0)', $1::bigint)::tid AND ctid < format('(%s,0)', $2::bigint)::tid
    AND channel_rules = ANY($3)
"""  # noqa: S608 - the names are ours
_REACHED = "UPDATE attribution.rebuild SET next_block = $2 WHERE rebuild_id = $1"
_SPEND = """
SELECT crm, day, source, medium, campaign, channel FROM warehouse.fct_spend WHERE channel_rules = ANY($1)
"""
_SET_TOUCHES = f"""
UPDATE warehouse.fct_touchpoint AS touch SET ({_RULED}) = ROW ({", ".join(f"again.{name}" for name in Ruled._fields)})
FROM attribution.rebuilt_touch AS again
WHERE again.rebuild_id = $1 AND again.is_after = $2 AND touch.touchpoint_id = again.touchpoint_id
    AND touch.channel_rules = ANY($3)
"""  # noqa: S608
_SET_SPEND = """
UPDATE warehouse.fct_spend AS spend SET channel = CASE WHEN $2 THEN again.channel_after ELSE again.channel_before END
FROM attribution.rebuilt_spend AS again
WHERE again.rebuild_id = $1 AND spend.channel_rules = ANY($3)
    AND (spend.crm, spend.day, spend.source, spend.medium, spend.campaign)
      = (again.crm, again.day, again.source, again.medium, again.campaign)
"""
# A rebuild that is only tried has closed nothing yet, and a running service may have opened a number of this version.
_SET_VERSIONS = """
UPDATE warehouse.channel_rules AS rules SET version = set.version, is_open = false
FROM unnest($1::int[], $2::text[]) AS set (rules_id, version) WHERE rules.rules_id = set.rules_id
"""
_SWITCHED = "UPDATE attribution.rebuild SET switched_at = clock_timestamp() WHERE rebuild_id = $1"
_AFFECTED = deals_touched(
    """
    SELECT touch.identity, min(touch.occurred_at), max(touch.occurred_at)
    FROM attribution.rebuilt_touch AS again JOIN warehouse.fct_touchpoint AS touch USING (touchpoint_id)
    WHERE again.rebuild_id = $1 AND again.earns_credit AND touch.channel_rules = ANY($2) GROUP BY touch.identity
    """
)
_MARK = f"INSERT INTO attribution.dirty_deal (deal_id) {_AFFECTED}"
_MARK_REACH = """
INSERT INTO attribution.reach_mark (identity, person_id, earliest, latest)
SELECT touch.identity, NULL, min(touch.occurred_at), max(touch.occurred_at)
FROM attribution.rebuilt_touch AS again JOIN warehouse.fct_touchpoint AS touch USING (touchpoint_id)
WHERE again.rebuild_id = $1 AND touch.channel_rules = ANY($2) AND NOT touch.is_bot AND touch.identity IS NOT NULL
GROUP BY touch.identity
"""
_STAGED = ("rebuild_id", "touchpoint_id", "is_after", *Ruled._fields)
_CHANGED = "SELECT count(*) FROM attribution.rebuilt_touch WHERE rebuild_id = $1 AND is_after"


async def touches(connection: Connection, rebuild: Rebuild, begin_block: int, end_block: int) -> list[Any]:
    """The covered touches in these blocks of the table, with what they carried and the columns of `Ruled`."""
    rows: list[Any] = await connection.fetch(_BLOCKS, begin_block, end_block, rebuild.covers)
    return rows


async def stage(
    connection: Connection, rebuild: Rebuild, changes: Iterable[tuple[Any, Ruled, Ruled]], next_block: int
) -> None:
    """Note changes as (touchpoint id, before, after), and that all blocks before `next_block` are done."""
    records = [
        (rebuild.rebuild_id, touchpoint_id, is_after, *ruled)
        for touchpoint_id, before, after in changes
        for is_after, ruled in ((False, before), (True, after))
    ]
    await connection.copy_records_to_table("rebuilt_touch", schema_name="attribution", columns=_STAGED, records=records)
    await connection.execute(_REACHED, rebuild.rebuild_id, next_block)


async def staged(connection: Connection, rebuild: Rebuild) -> int:
    """How many touches came out differently."""
    count: int = await connection.fetchval(_CHANGED, rebuild.rebuild_id)
    return count


async def costs(connection: Connection, rebuild: Rebuild) -> list[Any]:
    """The covered costs: crm, day, source, medium, campaign, channel."""
    rows: list[Any] = await connection.fetch(_SPEND, rebuild.covers)
    return rows


async def stage_costs(connection: Connection, rebuild: Rebuild, changes: Iterable[tuple[Any, ...]]) -> None:
    """Note changed costs as (crm, day, source, medium, campaign, channel before, channel after)."""
    records = [(rebuild.rebuild_id, *change) for change in changes]
    await connection.copy_records_to_table("rebuilt_spend", schema_name="attribution", records=records)


async def put_in_force(connection: Connection, rebuild: Rebuild, is_after: bool) -> None:
    """Make what was staged what stands: as it will be (`is_after`), or as it was before."""
    versions = [rebuild.version] * len(rebuild.covers) if is_after else rebuild.versions_before
    await connection.execute(_SET_TOUCHES, rebuild.rebuild_id, is_after, rebuild.covers)
    await connection.execute(_SET_SPEND, rebuild.rebuild_id, is_after, rebuild.covers)
    await connection.execute(_SET_VERSIONS, rebuild.covers, versions)
    await connection.execute(_SWITCHED, rebuild.rebuild_id)


async def mark(connection: Connection, rebuild: Rebuild) -> int:
    """Mark what the changed touches bear on, with the marking lock held: visitors, and deals; how many of those."""
    await connection.execute(_MARK_REACH, rebuild.rebuild_id, rebuild.covers)
    return int((await connection.execute(_MARK, rebuild.rebuild_id, rebuild.covers)).split()[-1])


async def affected(connection: Connection, rebuild: Rebuild) -> list[str]:
    """The deals that the changed touches bear on."""
    return [row["deal_id"] for row in await connection.fetch(_AFFECTED, rebuild.rebuild_id, rebuild.covers)]
