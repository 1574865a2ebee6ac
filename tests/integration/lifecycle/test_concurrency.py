"""Several lifecycle processes on one database: whoever takes which event, the outcome is the same."""

import asyncio
import random

import msgspec
import pytest

from services.lifecycle.config import configured
from services.lifecycle.domain.identity.strong import Bounds
from shared import db
from tests.lifecycle import reference, worlds
from tests.lifecycle.builders import World, batches

SECTION = {"owners": ["kim", "lee"]}


NARROW = Bounds(most=2, most_hands=3, most_browsers=2, most_joined=3)


async def drain(world: World, share: list[list[msgspec.Struct]]) -> int:
    """Apply batches as the consume loop does: what failed for no fault of the data is tried again."""
    again = 0
    for batch in share:
        while True:
            try:
                await world.apply(*batch)
                break
            except Exception as error:
                if not db.is_transient(error):
                    raise
                again += 1
    return again


@pytest.mark.parametrize(("seed", "bounds"), [*((n, Bounds()) for n in range(4)), *((n, NARROW) for n in range(6))])
async def test_three_processes_come_to_what_one_would(seed: int, bounds: Bounds, database_url: str) -> None:
    dice = random.Random(seed)
    events = worlds.events(500 + seed, 150)
    arriving = events + dice.sample(events, 40)
    dice.shuffle(arriving)
    worlds_ = [World(database_url, SECTION, bounds=bounds) for _ in range(3)]
    shares = [batches(arriving[n::3], [1, 4, 9]) for n in range(3)]
    await asyncio.gather(*(drain(world, share) for world, share in zip(worlds_, shares, strict=True)))
    assert await worlds_[0].lives() == reference.lives(events, configured(SECTION).lifecycle, bounds)
    for world in worlds_:
        await world.close()
