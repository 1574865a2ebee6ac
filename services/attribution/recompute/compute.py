"""One chunk of marked deals, computed again in one transaction."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.deals.attribute import attribute
from services.attribution.domain.terms import Terms
from services.attribution.recompute import load, write
from services.attribution.store import accounts, channel_rules, deals, fitted, marks, outcomes, runs
from services.attribution.store.claims import claim, unmark
from shared import db


@dataclass(frozen=True, slots=True)
class Done:
    """How many deals were computed, and how many of them came out differently."""

    deals: int
    changed: int


async def compute(pool: AsyncEngine, terms: Terms, most: int, upto: int, reason: str = "marked") -> Done:
    """Compute up to `most` deals that were marked by mark `upto` or before. Done(0, 0): there are none left.

    1. claim     locks the deals' rows: nobody else computes them, no batch changes them
    2. unmark    before anything is read, so that a later change has a mark that stays
    3. compute   and prepare what is to be written: nothing for what comes out as it stands (by its digest)
    4. keys      a deal's account may have been found only now: note it, and compute the deal once more, for
                 a person of that account may have come meanwhile and not have known the deal
    5. write     last, for its lock is held to the commit (see `store.changes`)
    """
    async with db.transaction(pool) as connection:
        claimed = await claim(connection, most, upto)
        if not claimed:
            return Done(0, 0)
        await unmark(connection, list(claimed))
        began: datetime = await connection.fetchval("SELECT clock_timestamp()")
        versions = await deals.versions(connection, claimed)
        found = await accounts.found(connection, versions)
        loaded = await load.load(connection, versions, found, terms.lookback, terms.policy.base_currency)
        learnt = await fitted.newest(connection, terms.fitted)
        policy = replace(terms.policy, shares=learnt.shares)
        # In a thread: health answers and Kafka heartbeats must not wait for a large chunk.
        outcome = await asyncio.to_thread(attribute, loaded.cases, loaded.touches, policy, loaded.rate)
        computed = await write.Computed.of(connection, outcome, loaded.touches)
        run_ids = write.RunIds(await runs.next_id(connection), max(learnt.runs.values(), default=None))
        change = await write.prepare(connection, computed, claimed, terms, run_ids)
        await outcomes.facts(connection, found, versions)
        if await accounts.lack_keys(connection, found):
            await marks.lock(connection)
            await marks.deals(connection, await accounts.note(connection, found))
        if change.digests:
            rules = await channel_rules.version_of(connection, loaded.channel_rules, terms.channel_rules_version)
            run = runs.Run(run_ids.own, reason, began, terms.model_config, rules)
            await write.write(connection, change, run)
        return Done(len(claimed), len(change.digests))
