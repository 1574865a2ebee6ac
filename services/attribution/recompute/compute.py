"""One chunk of marked deals, computed again in one transaction."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.domain.deals.attribute import attribute
from services.attribution.domain.terms import Terms
from services.attribution.recompute import load, write
from services.attribution.recompute.claim import claim, unmark
from services.attribution.store import accounts, channel_rules, deals, fitted, marks
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
    3. compute   what comes out as it stands (by its digest) is not written
    4. keys      a deal's account may have been found only now: note it, and compute the deal once more, for
                 a person of that account may have come meanwhile and not have known the deal
    """
    async with db.transaction(pool) as connection:
        claimed = await claim(connection, most, upto)
        if not claimed:
            return Done(0, 0)
        await unmark(connection, list(claimed))
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        versions = await deals.versions(connection, claimed)
        found = await accounts.found(connection, versions)
        loaded = await load.load(connection, versions, found, terms.lookback, terms.policy.base_currency)
        learnt = await fitted.newest(connection, terms.fitted)
        policy = replace(terms.policy, shares=learnt.shares)
        # In a thread: health answers and Kafka heartbeats must not wait for a large chunk.
        outcomes = await asyncio.to_thread(attribute, loaded.cases, loaded.touches, policy, loaded.rate)
        digests = {outcome.deal_id: write.digest_of(outcome) for outcome in outcomes}
        changed = {o.deal_id: (o, digests[o.deal_id]) for o in outcomes if digests[o.deal_id] != claimed[o.deal_id]}
        if changed:
            fresh = {deal_id for deal_id, digest in claimed.items() if digest is None}
            rules = await channel_rules.version_of(connection, loaded.channel_rules, terms.channel_rules_version)
            await write.outcomes(connection, changed, fresh, now, reason, terms.model_config, rules, learnt.runs)
        await write.facts(connection, found, versions)
        if await accounts.lack_keys(connection, found):
            await marks.lock(connection)
            await marks.deals(connection, await accounts.note(connection, found))
        return Done(len(claimed), len(changed))
