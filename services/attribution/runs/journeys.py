"""The journeys of all deals, read chunk by chunk: each statement sees what is committed, and nothing is locked."""

import asyncio

from services.attribution.domain.deals.walks import Walks, decided
from services.attribution.domain.terms import Terms
from services.attribution.recompute import load
from services.attribution.store import accounts, deals
from shared.db import Connection

_CHUNK = 500


async def journeys(connection: Connection, terms: Terms, chunk: int = _CHUNK) -> Walks:
    """What every decided deal walked through, under these terms."""
    walks, after = Walks(), ""
    while ids := await deals.following(connection, after, chunk):
        after = ids[-1]
        versions = await deals.versions(connection, ids)
        found = await accounts.found(connection, versions)
        loaded = await load.load(
            connection, versions, found, terms.lookback, terms.policy.base_currency, closes_of=decided
        )
        # In a thread: health answers and Kafka heartbeats must not wait for a large chunk.
        walks.channel_rules |= loaded.channel_rules
        await asyncio.to_thread(walks.add, loaded.cases, loaded.touches, terms.policy, loaded.rate)
    return walks
