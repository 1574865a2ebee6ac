"""The rollup that warehouse.vanity_metrics reads: pages, visitors and leads by month and channel.

    reach_mark      whose pages are to be counted again, and between which times; added with what caused it
    reach_visitor   what each visitor viewed in a month, by channel: what a new count is compared with
    reach           the sums: what the report shows
    lead_origin     each lead's month and the channel of their first touch

A visitor is a person, or an identifier that is nobody's (as md5, so that both are a uuid). Months are those of the
reporting zone, and a visit that goes on over the turn of a month begins anew there: so one visitor's month is counted
on its own.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.attribution.store.bounds import ALWAYS, FOREVER
from shared.db import Connection

Span = tuple[datetime, datetime]

ONE_AT_A_TIME = 14
"""The second key of the advisory lock under which marks are counted; the first is that of the marks for deals."""

_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS reach_dirty (identity text, person_id uuid, since timestamptz, until timestamptz)
    ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS reach_unit (visitor uuid, person_id uuid, identity text, since timestamptz,
    until timestamptz) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS reach_change (visitor uuid, month date, channel text, before integer, after integer)
    ON COMMIT DELETE ROWS
"""
_TAKE = """
WITH taken AS (
    DELETE FROM attribution.reach_mark
    WHERE coalesce(identity, person_id::text) IN (
        SELECT coalesce(identity, person_id::text) FROM attribution.reach_mark LIMIT $1
    )
    RETURNING identity, person_id, earliest, latest
), zone AS (SELECT reporting_zone AS name FROM attribution.setting)
INSERT INTO reach_dirty
SELECT identity, person_id, date_trunc('month', min(earliest) AT TIME ZONE zone.name) AT TIME ZONE zone.name,
    (date_trunc('month', max(latest) AT TIME ZONE zone.name) + interval '1 month') AT TIME ZONE zone.name
FROM taken CROSS JOIN zone GROUP BY identity, person_id, zone.name
"""
_UNITS = """
INSERT INTO reach_unit
SELECT md5(identity)::uuid, NULL, identity, since, until FROM reach_dirty WHERE identity IS NOT NULL
UNION ALL
SELECT person_id, person_id, NULL, min(since), max(until) FROM (
    SELECT person_id, since, until FROM reach_dirty WHERE person_id IS NOT NULL
    UNION ALL
    SELECT span.person_id, dirty.since, dirty.until
    FROM reach_dirty AS dirty JOIN attribution.identifier_span AS span USING (identity)
) AS person GROUP BY person_id
"""
# The pages after a visit's first have our own site as their referrer; they count for what brought the visit, as a
# session's credit does: the latest touch of the visit that is not Direct.
_COUNT = """
WITH zone AS (SELECT reporting_zone AS name FROM attribution.setting), seen AS (
    SELECT unit.visitor, touch.occurred_at, touch.touchpoint_id, touch.kind, touch.channel
    FROM reach_unit AS unit JOIN attribution.identifier_span AS span USING (person_id)
    JOIN warehouse.fct_touchpoint AS touch ON touch.identity = span.identity AND NOT touch.is_bot
        AND touch.occurred_at >= greatest(span.since, unit.since)
        AND touch.occurred_at < least(span.held_until, unit.until)
    UNION ALL
    SELECT unit.visitor, touch.occurred_at, touch.touchpoint_id, touch.kind, touch.channel
    FROM reach_unit AS unit JOIN warehouse.fct_touchpoint AS touch ON touch.identity = unit.identity
        AND touch.occurred_at >= unit.since AND touch.occurred_at < unit.until AND NOT touch.is_bot
    WHERE NOT EXISTS (
        SELECT FROM attribution.identifier_span AS span WHERE span.identity = touch.identity
            AND touch.occurred_at >= span.since AND touch.occurred_at < span.held_until
    )
), dated AS (
    SELECT visitor, date_trunc('month', occurred_at AT TIME ZONE zone.name)::date AS month, occurred_at,
        touchpoint_id, kind, channel
    FROM seen CROSS JOIN zone
), paced AS (
    SELECT *, occurred_at - lag(occurred_at) OVER one <= interval '30 minutes' AS goes_on
    FROM dated WINDOW one AS (PARTITION BY visitor, month ORDER BY occurred_at, touchpoint_id)
), visits AS (
    SELECT *, count(*) FILTER (WHERE goes_on IS NOT TRUE OR channel <> 'Direct')
        OVER (PARTITION BY visitor, month ORDER BY occurred_at, touchpoint_id) AS visit
    FROM paced
), brought AS (
    SELECT visitor, month, kind, first_value(channel)
        OVER (PARTITION BY visitor, month, visit ORDER BY occurred_at, touchpoint_id) AS channel
    FROM visits
), now AS (
    SELECT visitor, month, channel, count(*)::integer AS pageviews
    FROM brought WHERE kind = 'page_view' GROUP BY visitor, month, channel
), known AS (
    SELECT own.visitor, own.month, own.channel, own.pageviews
    FROM reach_unit AS unit CROSS JOIN zone JOIN attribution.reach_visitor AS own ON own.visitor = unit.visitor
        AND own.month >= (unit.since AT TIME ZONE zone.name)::date
        AND own.month < (unit.until AT TIME ZONE zone.name)::date
)
INSERT INTO reach_change
SELECT visitor, month, channel, known.pageviews, now.pageviews
FROM now FULL JOIN known USING (visitor, month, channel)
WHERE now.pageviews IS DISTINCT FROM known.pageviews
"""
_WRITE = (
    """
    UPDATE attribution.reach_visitor AS own SET pageviews = change.after FROM reach_change AS change
    WHERE change.before IS NOT NULL AND change.after IS NOT NULL
        AND own.visitor = change.visitor AND own.month = change.month AND own.channel = change.channel
    """,
    """
    DELETE FROM attribution.reach_visitor AS own USING reach_change AS change
    WHERE change.after IS NULL
        AND own.visitor = change.visitor AND own.month = change.month AND own.channel = change.channel
    """,
    """
    INSERT INTO attribution.reach_visitor (visitor, month, channel, pageviews)
    SELECT visitor, month, channel, after FROM reach_change WHERE before IS NULL
    """,
    """
    INSERT INTO attribution.reach AS sum (month, channel, pageviews, visitors)
    SELECT month, channel, sum(coalesce(after, 0) - coalesce(before, 0)),
        count(*) FILTER (WHERE before IS NULL) - count(*) FILTER (WHERE after IS NULL)
    FROM reach_change GROUP BY month, channel
    ON CONFLICT (month, channel) DO UPDATE SET pageviews = sum.pageviews + excluded.pageviews,
        visitors = sum.visitors + excluded.visitors
    """,
)
_LEADS = (
    """
    DELETE FROM attribution.lead_origin AS origin USING reach_unit AS unit
    WHERE origin.person_id = unit.person_id AND NOT EXISTS (
        SELECT FROM attribution.person
        WHERE person.person_id = unit.person_id AND lead_created_at IS NOT NULL AND merged_into IS NULL
    )
    """,
    """
    INSERT INTO attribution.lead_origin AS origin (person_id, month, channel)
    SELECT person.person_id,
        date_trunc('month', person.lead_created_at AT TIME ZONE (SELECT reporting_zone FROM attribution.setting)),
        coalesce(first.channel, 'Unattributed')
    FROM reach_unit AS unit JOIN attribution.person USING (person_id)
    LEFT JOIN LATERAL (
        SELECT touch.channel
        FROM attribution.identifier_span AS span
        CROSS JOIN LATERAL (
            SELECT occurred_at, touchpoint_id, channel FROM warehouse.fct_touchpoint AS own
            WHERE own.identity = span.identity AND own.earns_credit
                AND own.occurred_at >= span.since AND own.occurred_at < span.held_until
            ORDER BY occurred_at, touchpoint_id LIMIT 1
        ) AS touch
        WHERE span.person_id = person.person_id ORDER BY touch.occurred_at, touch.touchpoint_id LIMIT 1
    ) AS first ON true
    WHERE person.lead_created_at IS NOT NULL AND person.merged_into IS NULL
    ON CONFLICT (person_id) DO UPDATE SET month = excluded.month, channel = excluded.channel
    WHERE (origin.month, origin.channel) <> (excluded.month, excluded.channel)
    """,
)
_ALONE = f"SELECT pg_advisory_xact_lock(7052026, {ONE_AT_A_TIME})"
_FORGET = "TRUNCATE attribution.reach, attribution.reach_visitor, attribution.lead_origin"
_MARK_ALL = """
INSERT INTO attribution.reach_mark (identity, person_id, earliest, latest)
SELECT identity, NULL, min(occurred_at), max(occurred_at)
FROM warehouse.fct_touchpoint WHERE NOT is_bot AND identity IS NOT NULL GROUP BY identity
UNION ALL
SELECT NULL, person_id, '-infinity', 'infinity' FROM attribution.person WHERE lead_created_at IS NOT NULL
"""


async def start_anew(connection: Connection) -> None:
    """Forget every count, and have everybody counted again: the months are others now."""
    await connection.execute(_ALONE)
    await connection.execute(_FORGET)
    await connection.execute(_MARK_ALL)


async def mark_touched(connection: Connection, touched: Mapping[str, Span]) -> None:
    """Have the pages of these identities counted again, between the times of their touches (both inclusive)."""
    rows = [(identity, None, *span) for identity, span in touched.items()]
    await connection.copy_records_to_table("reach_mark", schema_name="attribution", records=rows)


async def mark_people(connection: Connection, person_ids: Iterable[str], identities: Iterable[str]) -> None:
    """Have these people counted again, and these identities, which one of them has won or lost, at all times."""
    people = ((None, person_id, ALWAYS, FOREVER) for person_id in person_ids)
    rows = [*people, *((identity, None, ALWAYS, FOREVER) for identity in identities)]
    await connection.copy_records_to_table("reach_mark", schema_name="attribution", records=rows)


async def count(connection: Connection, at_once: int) -> int:
    """Count again who is named by `at_once` marks, and take all their marks; how many visitors that were.

    0 when nothing is marked, or another process is counting. A mark is taken before what it stands for is read, so one
    that is made meanwhile stays.
    """
    if not await connection.fetchval(f"SELECT pg_try_advisory_xact_lock(7052026, {ONE_AT_A_TIME})"):
        return 0
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM attribution.reach_mark)"):
        return 0
    await connection.execute(_TABLES)
    await connection.execute("SET LOCAL work_mem = '64MB'")  # the touches of a chunk are sorted in memory
    await connection.execute(_TAKE, at_once)
    await connection.execute("ANALYZE reach_dirty")
    await connection.execute(_UNITS)
    await connection.execute("ANALYZE reach_unit")
    await connection.execute(_COUNT)
    await connection.execute("ANALYZE reach_change")
    for statement in (*_WRITE, *_LEADS):
        await connection.execute(statement)
    visitors: int = await connection.fetchval("SELECT count(*) FROM reach_unit")
    return visitors
