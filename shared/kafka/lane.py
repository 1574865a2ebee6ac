"""Records on their way to one partition: while a batch travels, the next one gathers.

So a lone record leaves at once and a crowd shares batches, with no linger to tune: the broker's own pace is the clock.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidMessageError, MessageSizeTooLargeError, RecordListTooLargeError, RecordTooLargeError

from shared.errors import Refused, Unavailable
from shared.events import Headers

PERMANENT = (MessageSizeTooLargeError, RecordTooLargeError, RecordListTooLargeError, InvalidMessageError)
"""What a broker says of a batch that it will never take. A record that is too large travels in a batch of its own."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A record to send: the topic's full Kafka name, its key and value, and its CloudEvents headers."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


Done = Callable[[Exception | None], None]
"""Called once: with None when Kafka has all of some records, or with why it is not known to have them."""


class Ticket:
    """What belongs to some records on their way: `done` is called when Kafka has all of them, or cannot take one."""

    __slots__ = ("_done", "_left", "at")

    def __init__(self, records: int, at: float, done: Done) -> None:
        self._left = records
        self.at = at
        self._done = done

    def arrived(self) -> None:
        """Kafka has one more of the records."""
        self._left -= 1
        if self._left == 0:
            self._done(None)

    def failed(self, why: Exception) -> None:
        """Kafka did not say that it has one of the records."""
        if self._left > 0:
            self._left = -1  # what still arrives of the others tells nobody anything
            self._done(why)


class Lane:
    """The queue of one partition. `run` never returns; what it raises means that the connection is of no more use."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._queue: deque[tuple[Outgoing, Ticket]] = deque()
        self._travelling: list[Ticket] = []
        self._refused: Refused | None = None
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, record: Outgoing, ticket: Ticket) -> None:
        """Queue a record."""
        self._queue.append((record, ticket))
        if self._idle.is_set():
            self._idle.clear()
            self._work.set()

    async def run(self) -> None:
        """Send batch after batch."""
        while True:
            await self._work.wait()
            while self._queue:
                batch = self._batch()
                if not self._travelling:  # what was queued is malformed, all of it
                    continue
                try:
                    await self._send(batch)
                except PERMANENT as error:
                    if len(self._travelling) == 1:  # else nobody knows which one it is: smaller batches will tell
                        self._refused = Refused(f"Kafka refuses a record of {self._topic}: {error!r}")
                    raise
                for ticket in self._travelling:
                    ticket.arrived()
                self._travelling = []
            self._work.clear()
            self._idle.set()

    async def drained(self) -> None:
        """Return when nothing is queued or on its way."""
        await self._idle.wait()

    def waiting_since(self) -> float | None:
        """The loop time at which the oldest record came, if there is one."""
        if self._travelling:
            return self._travelling[0].at
        return self._queue[0][1].at if self._queue else None

    def fail(self, why: str) -> None:
        """Tell every sender that waits; those whose records were refused learn that trying again does not help."""
        for ticket in self._travelling:
            ticket.failed(self._refused or Unavailable(why))
        for _, ticket in self._queue:
            ticket.failed(Unavailable(why))
        self._travelling = []
        self._queue.clear()
        self._idle.set()

    def _batch(self) -> object:
        batch = self._producer.create_batch()
        append, queue, travelling = batch.append, self._queue, self._travelling
        now = int(time.time() * 1000)
        while queue:
            record, ticket = queue[0]
            try:
                if append(timestamp=now, key=record.key, value=record.value, headers=record.headers) is None:
                    break  # full (the first record always fits)
            except (TypeError, ValueError, AttributeError) as error:
                ticket.failed(Refused(f"a record of {self._topic} is malformed: {error!r}"))
                queue.popleft()
                continue
            queue.popleft()
            travelling.append(ticket)
        batch.close()
        return batch

    async def _send(self, batch: object) -> None:
        await (await self._producer.send_batch(batch, self._topic, partition=self._partition))
