"""Every deal credited anew under the present configuration: what would change, and marking them all."""

from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.terms import Terms
from services.attribution.rebuild.credited import revenue_of
from services.attribution.rebuild.preview import RevenueChange, Step, revenue_changes
from services.attribution.store import by_channel, deals, fitted, marks
from shared import db


async def preview_attribution(pool: AsyncEngine, terms: Terms, told: Step) -> dict[str, dict[str, RevenueChange]]:
    """Per model and channel the revenue that stands, and what would."""
    async with db.transaction(pool) as connection:
        ids = await deals.all_ids(connection)
        standing = {(row["model"], row["channel"]): row["revenue"] for row in await by_channel.revenue(connection)}
        shares = (await fitted.newest(connection, terms.fitted)).shares
        after = await revenue_of(connection, ids, terms, shares, lambda done: told("crediting deals", done, len(ids)))
    return revenue_changes(standing, after)


async def mark_all(pool: AsyncEngine) -> int:
    """Mark every deal, for the service to compute; how many."""
    async with db.transaction(pool) as connection:
        ids = await deals.all_ids(connection)
        await marks.lock(connection)
        await marks.deals(connection, ids)
    return len(ids)
