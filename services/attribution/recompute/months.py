"""Another reporting zone: entries near midnight of a month's last day come to be in another month.

What the reports say changes by that, so it is a run like any other: with a stamp, and in the ledger of changes. What
was reported before, under the other zone, can still be had as it was.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.deals.lines import Line, Measures, change, merged
from services.attribution.domain.terms import Terms
from services.attribution.store import changes, credits, origins, runs, setting
from shared import db
from shared.db import Connection

_CHUNK = 500


async def set_zone(pool: AsyncEngine, terms: Terms) -> None:
    """Make reports count by the zone of `terms`, all at once; at once done when they do.

    The stamp's lock is held all the while: whoever computes meanwhile computes again, with the new months.
    """
    zone = terms.reporting_zone
    async with db.transaction(pool) as connection:
        began: datetime = await connection.fetchval("SELECT clock_timestamp()")
        before = await setting.store(connection, zone, terms.policy.base_currency)
        if before == zone:
            return
        at = await changes.stamp(connection, zone)
        moved = await credits.in_other_months(connection, zone)
        lines: dict[Line, Measures] = {}
        for first in range(0, len(moved), _CHUNK):
            lines = merged(lines, await _moved(connection, zone, moved[first : first + _CHUNK]))
        reason = f"reporting zone: {before} to {zone}"
        run_id = await runs.next_id(connection)
        run = runs.Run(run_id, reason, began, terms.model_config, terms.channel_rules_version)
        await runs.note(connection, run, at, len(moved))
        await changes.apply(connection, lines, run_id, at)


async def _moved(connection: Connection, zone: str, deal_ids: list[str]) -> dict[Line, Measures]:
    before = await credits.standing(connection, deal_ids)
    await credits.set_months(connection, zone, deal_ids)
    after = await credits.standing(connection, deal_ids)
    names = await origins.names(connection, {number for row in before for number in row.origins.tolist()})
    return change(before, after, names)
