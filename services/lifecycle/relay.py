"""The outbox on its way to Kafka: taken and sent in one transaction, so nothing is lost and little is sent twice.

1. take     rows are deleted, and locked for this relay; die here: rolled back, they are sent again
2. send     Kafka has them; die here: rolled back, sent again: consumers know them by id and version
3. commit   gone
"""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.lifecycle import metrics
from services.lifecycle.store import outbox
from services.lifecycle.store.outbox import Message
from shared import db
from shared.errors import Unavailable
from shared.events import TYPES, Headers, headers
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

log = structlog.get_logger()

SOURCE = "closedloop.lifecycle"
AT_ONCE = 2000  # rows in one transaction
POLL_SECONDS = 0.5  # for rows that another process left behind
_TYPE_OF = {event.topic: event.name for event in TYPES}


class Relay:
    """Sends what the outbox holds, woken by `wake` and every half second."""

    def __init__(self, settings: Settings, pool: AsyncEngine, producer: Producer) -> None:
        self._topic_of = {name: settings.topic(name) for name in _TYPE_OF}
        self._pool = pool
        self._producer = producer
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to send."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`, then what is there once more; an engine that is away is tried again, for ever."""
        pause = POLL_SECONDS
        while not stop.is_set():
            self._woken.clear()
            try:
                while await self.relay():
                    pause = POLL_SECONDS
            except Exception as error:
                if not (isinstance(error, Unavailable) or db.is_transient(error)):
                    raise
                pause = min(pause * 2, 10)
                log.warning("relay_waits", error=repr(error))
            await _first(self._woken, stop, seconds=pause)
        try:
            async with asyncio.timeout(5):
                await self.relay()
        except Exception as error:  # noqa: BLE001 - stopping: the rows stay in the outbox for the next start
            log.warning("relay_stopped_early", error=repr(error))

    async def relay(self) -> bool:
        """Send one lot; whether there may be more."""
        async with db.transaction(self._pool) as connection:
            messages = await outbox.take(connection, AT_ONCE)
            if messages:
                await self._producer.send([self._outgoing(message) for message in messages])
        metrics.RELAYED.inc(len(messages))
        return len(messages) == AT_ONCE

    def _outgoing(self, message: Message) -> Outgoing:
        return Outgoing(self._topic_of[message.topic], message.key.encode(), message.value, _headers(message))


def _headers(message: Message) -> Headers:
    return headers(_TYPE_OF[message.topic], message.event_id, SOURCE, message.at)


async def _first(*events: asyncio.Event, seconds: float) -> None:
    """Wait for the first of the events, at most so long."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
