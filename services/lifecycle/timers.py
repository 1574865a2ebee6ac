"""SLA alarms: each rings once, as an event stamped with the time it was due."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.lifecycle import metrics
from services.lifecycle.batch.messages import of_alarm
from services.lifecycle.domain.stages.rules import Lifecycle
from services.lifecycle.ids import Mint
from services.lifecycle.store import outbox, sales
from shared import db

log = structlog.get_logger()

AT_ONCE = 500
POLL_SECONDS = 1.0


class Timers:
    """Looks every second for alarms that are due. Several processes may: each alarm goes to one of them.

    None rings before `caught_up`: after a downtime, what sales did in the meantime is read first.
    """

    def __init__(
        self,
        pool: AsyncEngine,
        config: Lifecycle,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
        caught_up: Callable[[], bool] = lambda: True,
    ) -> None:
        self._pool = pool
        self._config = config
        self._clock = clock
        self._wake = wake
        self._caught_up = caught_up
        self._mint = Mint()

    async def run(self, stop: asyncio.Event) -> None:
        """Ring until `stop`."""
        while not stop.is_set():
            try:
                while self._caught_up() and await self.ring():
                    self._wake()
            except Exception as error:
                if not db.is_transient(error):
                    raise
                log.warning("timers_wait", error=repr(error))
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await stop.wait()
            except TimeoutError:
                continue

    async def ring(self) -> int:
        """Ring what is due now; how many rang."""
        now = self._clock()
        async with db.transaction(self._pool) as connection:
            ringing = await sales.ring(connection, now, AT_ONCE, self._mint)
            if ringing:
                stage, version = self._config.sales_stage, self._config.version
                await outbox.put(connection, [of_alarm(each, stage, version, now) for each in ringing])
        for alarm, _ in ringing:
            metrics.ALARMS.labels(alarm.what).inc()
        return len(ringing)
