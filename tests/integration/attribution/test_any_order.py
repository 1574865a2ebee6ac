"""The warehouse depends on what happened, not on when we heard of it."""

import asyncio
import random
from collections.abc import Sequence

import msgspec
import pytest

from tests.databases import fresh_database
from tests.engines import Engines
from tests.integration.attribution.company import random_company
from tests.integration.attribution.taking import Taking, split, taking


@pytest.mark.parametrize("seed", range(3))
async def test_two_orders_of_the_same_events_give_the_same_warehouse(engines: Engines, seed: int) -> None:
    chance = random.Random(seed)
    events = random_company(seed)
    shuffled = chance.sample(events, len(events))
    with fresh_database(engines.database_url) as url, fresh_database(engines.database_url) as other_url:
        async with taking(url) as one, taking(other_url) as other:
            await one.take(*events)
            for batch in split([*shuffled, *chance.sample(events, 40)], 17):
                await other.take(*batch)
            facts, others = await one.facts(), await other.facts()
            assert len(facts["credits"]) > 200
            assert facts == others


async def test_processes_side_by_side_give_the_same_warehouse_as_one(engines: Engines) -> None:
    chance = random.Random(7)
    events = random_company(7)
    with fresh_database(engines.database_url) as url, fresh_database(engines.database_url) as other_url:
        async with taking(url) as one, taking(other_url) as other:
            await one.take(*events)
            batches = split(chance.sample(events, len(events)), 5)
            running = [asyncio.create_task(_take_in(other, batches[n::3])) for n in range(3)]
            while not all(task.done() for task in running):
                await asyncio.gather(other.compute(), other.compute())
            await asyncio.gather(*running)
            await other.compute()
            assert await other.facts() == await one.facts()


async def _take_in(other: Taking, batches: Sequence[Sequence[msgspec.Struct]]) -> None:
    for batch in batches:
        await other.batch(*batch)
