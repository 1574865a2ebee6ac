"""What a rebuild would change, in touches by channel and in revenue by model and channel.

It is done for real, in a transaction that is rolled back: so the figures are those that will come out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.channels import Classifier
from services.attribution.domain.terms import Terms
from services.attribution.rebuild.channels import CHUNK, scan_chunk, stage_costs
from services.attribution.rebuild.credited import Revenue, learnt, revenue_of
from services.attribution.store import by_channel, deals, fitted, rebuilds, rebuilt

Step = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much of it is."""

_NOTHING = Decimal(0)


class TouchChange(NamedTuple):
    """Touches of a channel, and those of them that earn credit, before and after."""

    before: int
    after: int
    earning_before: int
    earning_after: int


class RevenueChange(NamedTuple):
    """Revenue of a channel under a model, before and after, in the base currency."""

    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Preview:
    """How many touches, costs and deals would come out differently, and what that makes of the channels."""

    touches: int
    costs: int
    deals: int
    channels: dict[str, TouchChange]
    revenue: dict[str, dict[str, RevenueChange]]


async def preview_channels(pool: AsyncEngine, classifier: Classifier, terms: Terms, told: Step) -> Preview | None:
    """What a rebuild by these rules would change; None when history is classified by them already."""
    async with pool.connect() as held:
        connection: Any = (await held.get_raw_connection()).driver_connection
        trial = connection.transaction()
        await trial.start()
        try:
            return await _tried(connection, classifier, terms, told)
        finally:
            await trial.rollback()


async def _tried(connection: Any, classifier: Classifier, terms: Terms, told: Step) -> Preview | None:
    rebuild = await rebuilds.draft(connection, classifier.version)
    if rebuild is None:
        return None
    for begin in range(0, rebuild.blocks, CHUNK):
        told("classifying touches", begin, rebuild.blocks)
        await scan_chunk(connection, rebuild, classifier, begin, min(begin + CHUNK, rebuild.blocks))
    costs = await stage_costs(connection, rebuild, classifier)
    touches = await rebuilt.staged(connection, rebuild)
    affected = await rebuilt.affected(connection, rebuild)
    # What fitted models learn changes with any journey, and then every deal's credit under them does.
    computed = await deals.all_ids(connection) if terms.fitted and affected else affected
    counted_before = await by_channel.touches(connection)
    models = {*terms.policy.models, *terms.fitted}
    standing = {
        (row["model"], row["channel"]): row["revenue"]
        for row in await by_channel.revenue(connection)
        if row["model"] in models
    }
    shares = (await fitted.newest(connection, terms.fitted)).shares

    def step(what: str) -> Callable[[int], None]:
        return lambda done: told(what, done, len(computed))

    before = await revenue_of(connection, computed, terms, shares, step("crediting deals as they are"))
    await rebuilt.put_in_force(connection, rebuild, is_after=True)
    counted_after = await by_channel.touches(connection)
    shares = await learnt(connection, terms) if computed else shares
    after = await revenue_of(connection, computed, terms, shares, step("crediting deals as they will be"))
    changed = {key: standing.get(key, _NOTHING) - before.get(key, _NOTHING) + amount for key, amount in after.items()}
    gone = {key: standing.get(key, _NOTHING) - amount for key, amount in before.items() if key not in after}
    return Preview(
        touches, costs, len(affected), touch_changes(counted_before, counted_after),
        revenue_changes(standing, standing | gone | changed),
    )  # fmt: skip


def touch_changes(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> dict[str, TouchChange]:
    """Both counts of every channel, most touches first."""
    changes = {}
    for channel in before.keys() | after.keys():
        (was, earned), (will_be, will_earn) = before.get(channel, (0, 0)), after.get(channel, (0, 0))
        changes[channel] = TouchChange(was, will_be, earned, will_earn)
    return dict(sorted(changes.items(), key=lambda item: (-max(item[1][:2]), item[0])))


def revenue_changes(before: Revenue, after: Revenue) -> dict[str, dict[str, RevenueChange]]:
    """Per model both amounts of every channel, the largest first."""
    models: dict[str, dict[str, RevenueChange]] = {}
    for model, channel in sorted(before.keys() | after.keys()):
        change = RevenueChange(before.get((model, channel), _NOTHING), after.get((model, channel), _NOTHING))
        models.setdefault(model, {})[channel] = change
    return {
        model: dict(sorted(channels.items(), key=lambda item: (-max(map(abs, item[1])), item[0])))
        for model, channels in models.items()
    }
