"""One aiokafka producer, from connecting to its end. Once broken it is not mended: `Producer` makes a new one.

Going on with the old one would not do. After a batch has failed for good its sequence numbers are spent and the broker
refuses every later batch of that partition; and an idempotent aiokafka producer tries again for ever, so senders would
wait as long as the broker is away, and be told "no" about records that are stored when it is back.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.client import ConnectionGroup
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from shared.errors import Unavailable
from shared.kafka.access import client_options
from shared.kafka.lane import PERMANENT, Done, Lane, Outgoing, Ticket
from shared.kafka.topics import partition_of
from shared.settings.kafka import Kafka

log = structlog.get_logger()

BATCH_BYTES = 512 * 1024  # half of what a broker takes by default; a larger record goes alone
_ENDS_WITHIN = 5.0  # seconds
_PATIENCE = 3
"""A record may wait for so many times as long as an answer: a crowd makes Kafka slow, and slow is not away."""


class Connection:
    """A producer with a lane for each partition it writes to. `on_broken` is called once, when it is of no more use."""

    def __init__(
        self,
        kafka: Kafka,
        deadline_seconds: float,
        on_broken: Callable[["Connection"], None],
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self._deadline = deadline_seconds
        self._on_broken = on_broken
        self._lanes: dict[str, list[Lane]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken = False
        self.refused = False
        """Whether it broke because a broker will never take a batch: smaller ones are to be tried."""
        self._loop = asyncio.get_running_loop()
        self._producer = AIOKafkaProducer(
            **client_options(kafka),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            compression_type=None,  # lz4 saves disk and network for a seventh more CPU an event
            max_batch_size=batch_bytes,
            request_timeout_ms=int(deadline_seconds * 1000),
        )

    async def open(self) -> None:
        """Connect; whoever calls sets the deadline. Raises KafkaError or OSError."""
        await self._producer.start()
        self._task(self._watch())

    async def prepare(self, topics: Iterable[str]) -> None:
        """Learn where the topics' partitions are, which `put` must know. Raises KafkaError or OSError."""
        for topic in topics:
            if topic not in self._lanes:
                await self._make_lanes(topic)

    def put(self, records: Sequence[Outgoing], done: Done) -> None:
        """Queue records of prepared topics; `done` is told Unavailable when the connection breaks, Refused for good."""
        ticket = Ticket(len(records), self._loop.time(), done)
        if self._broken:
            ticket.failed(Unavailable("the connection to Kafka just broke"))
            return
        for record in records:
            lanes = self._lanes[record.topic]
            lanes[partition_of(record.key, len(lanes))].put(record, ticket)

    async def answers(self, within: float) -> bool:
        """Whether one of the brokers answers within so many seconds, and no record waits much longer than that."""
        if self._oldest_wait() > _PATIENCE * within:
            return False
        brokers = [broker.nodeId for broker in self._producer.client.cluster.brokers()]
        asked = [self._loop.create_task(self._answers(broker)) for broker in brokers]
        done, late = await asyncio.wait(asked, timeout=within) if asked else (set(), set())
        for task in late:
            task.cancel()
        return any(task.result() for task in done)

    async def _answers(self, broker: int) -> bool:
        # On a connection of its own: behind a large batch that is only slow, the question would wait.
        try:
            await self._producer.client.send(
                broker, MetadataRequest([*self._lanes][:1]), group=ConnectionGroup.COORDINATION
            )
        except (KafkaError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Send what waits, then disconnect."""
        for lanes in self._lanes.values():
            for lane in lanes:
                await lane.drained()
        await self._end()

    async def abandon(self) -> None:
        """Disconnect without sending what waits."""
        self._cancel()
        await self._producer.client.close()
        # stop() would wait for the records that were never acknowledged, for ever. There is no public way to drop them.
        with suppress(Exception):
            async with asyncio.timeout(_ENDS_WITHIN):
                await self._producer._sender.close()
        self._producer._message_accumulator._batches.clear()
        self._producer._message_accumulator._pending_batches.clear()
        await self._end()

    async def _end(self) -> None:
        self._cancel()
        try:
            async with asyncio.timeout(_ENDS_WITHIN):
                await self._producer.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("kafka_producer_stop_failed", error=repr(error))

    def _cancel(self) -> None:
        self._broken = True
        for task in self._tasks:
            task.cancel()

    async def _make_lanes(self, topic: str) -> None:
        partitions = await self._producer.partitions_for(topic)
        if topic not in self._lanes:  # else another sender was as quick
            self._lanes[topic] = [Lane(self._producer, topic, number) for number in range(len(partitions))]
            for lane in self._lanes[topic]:
                self._task(lane.run())

    async def _watch(self) -> None:
        """Break the connection when a record waited longer than the deadline."""
        while True:
            await asyncio.sleep(self._deadline / 10)
            if self._oldest_wait() > self._deadline:
                raise TimeoutError(f"Kafka did not acknowledge a record within {self._deadline:g} s")

    def _oldest_wait(self) -> float:
        """For how many seconds the oldest record has waited."""
        waiting = [lane.waiting_since() for lanes in self._lanes.values() for lane in lanes]
        now = self._loop.time()
        return now - min((since for since in waiting if since is not None), default=now)

    def _task(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or self._broken:
            return
        self._broken = True
        self.refused = isinstance(task.exception(), PERMANENT)
        why = f"Kafka did not take the records: {task.exception()!r}"
        log.warning("kafka_connection_broken", error=why)
        self._on_broken(self)  # first: who is told may send again at once, and should find another connection
        for lanes in self._lanes.values():
            for lane in lanes:
                lane.fail(why)
