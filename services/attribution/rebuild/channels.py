"""History classified by the present rules, while events go on.

What happens when the process dies:
1. begin      what it covers is closed: services go on under other numbers, so what is to be done no longer grows
2. chunks     each chunk is committed with how far it came; the next call goes on from there
3. switch     touches, costs, versions and marks in one commit: readers see all of it or nothing
4. credits    the service computes the marked deals, as after any other change
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.channels import Classifier
from services.attribution.domain.channels.stored import Ruled, evidence_of_stored, ruled_again
from services.attribution.domain.spend.evidence import cost_evidence
from services.attribution.domain.touch_row import may_earn
from services.attribution.store import marks, rebuilds, rebuilt
from services.attribution.store.rebuilds import Rebuild
from shared import db
from shared.db import Connection
from shared.errors import ClosedloopError

CHUNK = 512
"""Blocks of the table in one transaction: 4 MB, some thousand touches."""

UNKNOWN = "unknown"
"""What a version is called that nobody noted: of touches stored before versions were."""

_KEPT = 3  # rebuilds that can be taken back
_TRY_LOCK, _UNLOCK = "SELECT pg_try_advisory_lock(7052026, 13)", "SELECT pg_advisory_unlock(7052026, 13)"

Told = Callable[[int, int], None]
"""Told how many blocks of how many are done."""


class RebuildUnderWay(ClosedloopError):
    """Another rebuild is under way; wait for it."""


class NoSuchVersion(ClosedloopError):
    """There is no rebuild to take back that leads to this version."""


@dataclass(frozen=True)
class Switched:
    """What a rebuild did: touches and costs that came out differently, deals to be credited anew.

    `back_to` are the versions from before; `others` are touches that came meanwhile and were classified by other rules,
    by a service that was started before the rules changed.
    """

    touches: int
    costs: int
    deals: int
    back_to: tuple[str, ...]
    others: int


async def rebuild(
    pool: AsyncEngine, classifier: Classifier, told: Told = lambda _done, _all: None, chunk: int = CHUNK
) -> Switched | None:
    """Classify all history by these rules; None when it is already. Raises RebuildUnderWay."""
    async with _alone(pool):
        async with db.transaction(pool) as connection:
            under_way = await rebuilds.begin(connection, classifier.version)
        if under_way is None:
            return None
        await scan(pool, under_way, classifier, told, chunk)
        async with db.transaction(pool) as connection:
            costs = await stage_costs(connection, under_way, classifier)
            deals = await _switch(connection, under_way, is_after=True)
            changed = await rebuilt.staged(connection, under_way)
            await rebuilds.forget_but(connection, _KEPT)
            others = await rebuilds.by_other_rules(connection, classifier.version)
        return Switched(changed, costs, deals, _named(under_way), others)


async def go_back(pool: AsyncEngine, version: str) -> Switched:
    """Take the newest rebuilds back, down to the one that `version` was in force before.

    Raises NoSuchVersion, and RebuildUnderWay. Touches that came since stay as they were classified.
    """
    async with _alone(pool), db.transaction(pool) as connection:
        done = await rebuilds.in_force(connection)
        to_undo = next((n for n, one in enumerate(done, 1) if version in _named(one)), None)
        if to_undo is None:
            known = sorted({name for one in done for name in _named(one)})
            raise NoSuchVersion(
                f"no rebuild leads back to version {version!r}; there are: {', '.join(known) or 'none'}"
            )
        touches = deals = 0
        for one in done[:to_undo]:
            touches += await rebuilt.staged(connection, one)
            deals += await _switch(connection, one, is_after=False)
        await rebuilds.forget(connection, [one.rebuild_id for one in done[:to_undo]])
        return Switched(touches, 0, deals, (done[0].version,), await rebuilds.by_other_rules(connection, version))


async def scan(pool: AsyncEngine, rebuild: Rebuild, classifier: Classifier, told: Told, chunk: int) -> None:
    """Classify what is not done yet, chunk by chunk."""
    for begin in range(rebuild.next_block, rebuild.blocks, chunk):
        told(begin, rebuild.blocks)
        async with db.transaction(pool) as connection:
            await scan_chunk(connection, rebuild, classifier, begin, min(begin + chunk, rebuild.blocks))
    told(rebuild.blocks, rebuild.blocks)


async def scan_chunk(connection: Connection, rebuild: Rebuild, classifier: Classifier, begin: int, end: int) -> None:
    """Classify the covered touches in some blocks and stage those that come out differently."""
    rows = await rebuilt.touches(connection, rebuild, begin, end)
    # In a thread, so that whoever shows the progress can go on.
    await rebuilt.stage(connection, rebuild, await asyncio.to_thread(_changes, rows, classifier), end)


def _changes(rows: list[Any], classifier: Classifier) -> list[tuple[Any, Ruled, Ruled]]:
    changes = []
    for touchpoint_id, kind, referrer, url, click_ids, is_bot, consent, *columns in rows:
        before = Ruled(*columns)
        clicks = msgspec.json.decode(click_ids, type=dict[str, str]) if click_ids else {}
        evidence = evidence_of_stored(kind, before, clicks, referrer, url)
        after = ruled_again(classifier, evidence, may_earn(is_bot, consent))
        if after != before:
            changes.append((touchpoint_id, before, after))
    return changes


async def stage_costs(connection: Connection, rebuild: Rebuild, classifier: Classifier) -> int:
    """Stage the costs that come out differently; how many those are."""
    changes = [
        (*key, source, medium, campaign, before, after)
        for *key, source, medium, campaign, before in await rebuilt.costs(connection, rebuild)
        if (after := classifier.of(cost_evidence(source, medium, campaign)).channel) != before
    ]
    await rebuilt.stage_costs(connection, rebuild, changes)
    return len(changes)


async def _switch(connection: Connection, rebuild: Rebuild, is_after: bool) -> int:
    """Put one side in force and mark the deals it bears on; how many."""
    await rebuilt.put_in_force(connection, rebuild, is_after)
    await marks.lock(connection)
    return await rebuilt.mark(connection, rebuild)


def _named(rebuild: Rebuild) -> tuple[str, ...]:
    return tuple(sorted({version or UNKNOWN for version in rebuild.versions_before}))


@asynccontextmanager
async def _alone(pool: AsyncEngine) -> AsyncIterator[None]:
    """One rebuild at a time. The lock is of the connection, so it goes with the process."""
    async with pool.connect() as held:
        raw: Any = (await held.get_raw_connection()).driver_connection
        if not await raw.fetchval(_TRY_LOCK):
            raise RebuildUnderWay("another rebuild is under way; wait for it, or end it")
        try:
            yield
        finally:
            await raw.execute(_UNLOCK)
