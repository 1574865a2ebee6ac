"""The outbox on its way to Kafka: taken and sent in one transaction, so nothing is lost and little is sent twice.

1. take     rows are deleted, and locked for this relay; die here: rolled back, they are sent again
2. send     Kafka has them; die here: rolled back, sent again: consumers know them by id and version
3. aside    what Kafka will never take is kept in lifecycle.refused and told as a dead letter: it holds up nobody
4. commit   gone
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.lifecycle import metrics
from services.lifecycle.batch import messages
from services.lifecycle.store import outbox
from services.lifecycle.store.outbox import Message
from shared import db
from shared.errors import Refused, Unavailable
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

    def __init__(
        self, settings: Settings, pool: AsyncEngine, producer: Producer, clock: Callable[[], datetime]
    ) -> None:
        self._topic_of = {name: settings.topic(name) for name in _TYPE_OF}
        self._pool = pool
        self._producer = producer
        self._clock = clock
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
            taken = await outbox.take(connection, AT_ONCE)
            refused = await self._send(taken)
            if refused:
                await outbox.set_aside(connection, refused, self._clock())
                await outbox.put(connection, [messages.of_refused(*each, self._clock()) for each in refused])
        metrics.RELAYED.inc(len(taken) - len(refused))
        metrics.SET_ASIDE.inc(len(refused))
        return len(taken) == AT_ONCE or bool(refused)

    async def _send(self, taken: Sequence[Message]) -> list[tuple[Message, str]]:
        """Send rows; those that Kafka will never take, each with the reason: halved until each is alone."""
        unknown = [(row, f"there is no topic {row.topic!r}") for row in taken if row.topic not in self._topic_of]
        known = [row for row in taken if row.topic in self._topic_of]
        return unknown + await self._halved(known)

    async def _halved(self, rows: Sequence[Message]) -> list[tuple[Message, str]]:
        try:
            await self._producer.send([self._outgoing(row) for row in rows])
        except Refused as error:
            if len(rows) == 1:
                log.warning("event_set_aside", topic=rows[0].topic, event_id=rows[0].event_id, error=str(error))
                return [(rows[0], str(error))]
            middle = len(rows) // 2
            return [*await self._halved(rows[:middle]), *await self._halved(rows[middle:])]
        return []

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
