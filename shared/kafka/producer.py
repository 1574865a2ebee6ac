"""Sending events and waiting until Kafka has all of them; reconnecting when it was away."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from aiokafka.errors import KafkaError

from shared.errors import Refused, Unavailable
from shared.kafka.connection import BATCH_BYTES, Connection
from shared.kafka.lane import Done, Outgoing
from shared.settings.kafka import Kafka

__all__ = ["Outgoing", "Producer"]

_CONNECTS_WITHIN = 10.0  # seconds
_IN_FLIGHT_BYTES = 64 * 1024 * 1024

RECORD_BYTES = 1_000_000
"""The largest record, key and value: brokers take 1,048,588 by default, and headers and framing need some of it."""


class Producer:
    """An idempotent producer (acks=all). Every call ends within about the deadline, and memory is bounded.

    When a record waited longer than the deadline, all that wait fail together and the connection is given up; the next
    `send` (or `start`) makes a new one. `topics` are the full names of those that `put` may be given.
    """

    def __init__(
        self,
        kafka: Kafka,
        deadline_seconds: float = 30,
        in_flight_bytes: int = _IN_FLIGHT_BYTES,
        topics: Iterable[str] = (),
    ) -> None:
        self._kafka = kafka
        self._topics = tuple(topics)
        self._deadline = deadline_seconds
        self._limit = in_flight_bytes
        self._in_flight = 0
        self._batch_bytes = BATCH_BYTES
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether `send` can do without connecting first."""
        return self._connection is not None

    async def answers(self, within: float) -> bool:
        """Whether Kafka is alive: a broker answers, and no record waits for longer than `within` seconds."""
        return self._connection is not None and await self._connection.answers(within)

    async def start(self) -> None:
        """Connect unless connected. Raises Unavailable when Kafka does not answer."""
        await self._connected()

    async def stop(self) -> None:
        """Send what is pending and disconnect. Raises Unavailable when Kafka does not take it before the deadline."""
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                async with asyncio.timeout(self._deadline):
                    await connection.close()
        except TimeoutError as error:
            if connection is not None:
                self._leave(connection)
            raise Unavailable("Kafka did not take the last records before the deadline") from error
        finally:
            await asyncio.gather(*self._leaving)

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Return when Kafka has every record (when it raises, some may be stored).

        Raises Unavailable when Kafka does not take them in time, Refused when it will never take one of them.
        """
        if not records:
            return
        connection = self._connection or await self._connected()
        try:
            await connection.prepare(record.topic for record in records)
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka did not take {len(records)} records: {error!r}") from error
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(connection, records, partial(_settle, stored))
        await stored

    def put(self, records: Sequence[Outgoing], done: Done) -> None:
        """Hand records of the topics named beforehand over, without waiting: `done` is called once, later.

        Raises Unavailable or Refused, calling nobody, when it is known at once that Kafka will not have them.
        """
        if self._connection is None:
            raise Unavailable("Kafka is away")
        if records:
            self._put(self._connection, records, done)
        else:
            done(None)

    def _put(self, connection: Connection, records: Sequence[Outgoing], done: Done) -> None:
        size = sum([len(record.value) for record in records])
        if size > RECORD_BYTES and (large := max(len(r.key) + len(r.value) for r in records)) > RECORD_BYTES:
            raise Refused(f"a record of {large:,} bytes is larger than Kafka takes ({RECORD_BYTES:,})")
        if self._in_flight and self._in_flight + size > self._limit:
            raise Unavailable(f"Kafka is slow: {self._in_flight} bytes wait for it already")
        self._in_flight += size

        def finished(error: Exception | None) -> None:
            self._in_flight -= size
            done(error)

        connection.put(records, finished)

    async def _connected(self) -> Connection:
        async with self._connecting:
            if self._connection is not None:
                return self._connection
            connection = Connection(self._kafka, self._deadline, self._on_broken, self._batch_bytes)
            try:
                async with asyncio.timeout(min(self._deadline, _CONNECTS_WITHIN)):
                    await connection.open()
                    await connection.prepare(self._topics)
            except (KafkaError, OSError, TimeoutError) as error:
                self._leave(connection)
                raise Unavailable(f"Kafka at {self._kafka.bootstrap} does not answer: {error!r}") from error
            self._connection = connection
            return connection

    def _on_broken(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
        if connection.refused:
            self._batch_bytes = max(1, self._batch_bytes // 8)  # down to records that travel alone
        self._leave(connection)

    def _leave(self, connection: Connection) -> None:
        # On the side: nobody who sends should wait for it.
        task = asyncio.get_running_loop().create_task(connection.abandon())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def _settle(stored: "asyncio.Future[None]", error: Exception | None) -> None:
    if stored.done():  # whoever waited for it was cancelled
        return
    if error is None:
        stored.set_result(None)
    else:
        stored.set_exception(error)
