"""Random sets of events, in random orders, batches and repetitions, against one plain computation over the set."""

import random

import pytest

from services.lifecycle.config import configured
from services.lifecycle.domain.identity.strong import Bounds
from tests.lifecycle import reference, worlds
from tests.lifecycle.builders import World, batches

SECTION = {"owners": ["kim", "lee"]}


WIDE, NARROW = Bounds(), Bounds(most=2, most_hands=3, most_browsers=2, most_joined=3)


@pytest.mark.parametrize(("seed", "bounds"), [*((n, WIDE) for n in range(25)), *((n, NARROW) for n in range(40))])
async def test_any_arrival_gives_what_the_whole_set_gives_and_a_redelivery_changes_nothing(
    seed: int, bounds: Bounds, database_url: str
) -> None:
    dice = random.Random(seed)
    events = worlds.events(seed, dice.choice([4, 12, 60, 150]))
    arriving = events + dice.sample(events, len(events) // 3)
    dice.shuffle(arriving)
    world = World(database_url, SECTION, bounds=bounds)
    for batch in batches(arriving, [dice.choice([1, 3, 20]) for _ in range(3)]):
        await world.apply(*batch)

    assert await world.lives() == reference.lives(events, configured(SECTION).lifecycle, bounds)

    before = await world.fingerprint()
    dice.shuffle(arriving)
    restarted = World(database_url, SECTION, bounds=bounds)  # a process that remembers nothing
    for again in (world, restarted):
        for batch in batches(arriving, [7]):
            await again.apply(*batch)
    assert await world.fingerprint() == before
    await world.close()
    await restarted.close()
