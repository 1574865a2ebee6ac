"""The task that counts pages, visitors and leads again where something has changed; see `store.reach`."""

import asyncio
import time
from contextlib import suppress

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attribution.store import reach
from services.attribution.traffic import Traffic
from shared import db

log = structlog.get_logger()

AT_ONCE = 30_000
"""Marks that name who is counted in one transaction: of a year's millions of touches a tenth, some seconds of work."""

_POLL_SECONDS = 1.0
_REST = 9  # times as long as it counted: while events pour in it takes a tenth of a core


class ReachCounter:
    """Counts until told to stop. Several processes may each run one; one of them counts at a time."""

    def __init__(self, pool: AsyncEngine, traffic: Traffic) -> None:
        self._pool = pool
        self._traffic = traffic

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; while PostgreSQL is away it tries again."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                counted = await self.count()
            except Exception as error:
                if not db.is_transient(error):
                    raise
                log.warning("reach_waits", error=repr(error))
                counted = 0
            rested = time.monotonic() + _REST * (time.monotonic() - began)
            if counted < AT_ONCE // 2:  # little waits: the few of the next second are counted in one go
                await _sleep(stop, _POLL_SECONDS)
            while self._traffic.is_heavy() and time.monotonic() < rested and not stop.is_set():
                await _sleep(stop, 0.05)

    async def count(self) -> int:
        """Count one chunk again; how many visitors that were."""
        async with db.transaction(self._pool) as connection:
            return await reach.count(connection, AT_ONCE)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
