"""The one consume loop: a batch, its handler in one transaction, then the offsets.

    1. fetch      die here: nothing happened
    2. decode     what does not decode is a dead letter; the rest goes on
    3. handle     one PostgreSQL transaction; die here: rolled back, the batch comes again
    4. letters    dead letters reach Kafka; die here: they are sent again under the same id
    5. commit     die before: the batch comes again, and every write is idempotent

An engine that is away (Unavailable, a lost connection, a deadlock) rewinds the batch and tries again, for ever, with
backoff, while heartbeats go on. A record that makes the handler fail is found by halving the batch.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import db, metrics
from shared.errors import BadRecord, TooManyBadRecords, Unavailable
from shared.events import decode
from shared.kafka.bad_ratio import BadRatio
from shared.kafka.letters import letter_of
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

log = structlog.get_logger()


class Record(NamedTuple):
    """A decoded record. `event` is the Struct; topic is without the prefix (`touchpoints`)."""

    topic: str
    event: Any
    raw: Any


class Handler(Protocol):
    """Applies a batch inside the caller's transaction. Idempotent: the same batch may come again."""

    async def __call__(self, connection: db.Connection, records: Sequence[Record]) -> None: ...


class Health(Protocol):
    """What the loop tells the outside about itself."""

    def ready(self, part: str, is_ready: bool, why: str = "") -> None: ...


class ConsumeLoop:
    """One consumer group member. `run` returns when `stop` is set, or raises TooManyBadRecords."""

    def __init__(
        self,
        settings: Settings,
        service: str,
        topics: Sequence[str],
        handler: Handler,
        pool: AsyncEngine,
        letters: Producer,
        health: Health,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._group = settings.group(service)
        self._topics = {settings.topic(name): name for name in topics}
        self._handler = handler
        self._pool = pool
        self._letters = letters
        self._health = health
        self._after_commit = after_commit
        self._ratio = BadRatio(settings.consumer.bad_ratio, settings.consumer.bad_window)
        self._progress = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; make the consumer anew when Kafka drops it or the watchdog finds it stalled."""
        while not stop.is_set():
            try:
                await self._session(stop)
            except (KafkaError, Unavailable, TimeoutError, OSError) as error:
                self._health.ready(self._group, False, f"Kafka: {error!r}")
                log.warning("consumer_restarting", group=self._group, error=repr(error))
                metrics.RESTARTS.labels(self._group).inc()
                await _pause(stop, 1)

    async def _session(self, stop: asyncio.Event) -> None:
        limits = self._settings.consumer
        consumer = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._settings.kafka_bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=30_000,
            heartbeat_interval_ms=3_000,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=50,
            metadata_max_age_ms=30_000,
        )
        try:
            async with asyncio.timeout(limits.deadline_seconds):
                await consumer.start()
            self._health.ready(self._group, True)
            self._progress = time.monotonic()
            while not stop.is_set():
                fetched = await consumer.getmany(timeout_ms=200, max_records=limits.batch)
                if fetched:
                    await self._batch(consumer, fetched, stop)
                    self._progress = time.monotonic()
                elif time.monotonic() - self._progress > limits.stall_seconds:
                    await self._check_stalled(consumer)
        finally:
            await _stopped(consumer)

    async def _batch(
        self, consumer: AIOKafkaConsumer, fetched: dict[TopicPartition, list[Any]], stop: asyncio.Event
    ) -> None:
        started = time.monotonic()
        raws = [raw for records in fetched.values() for raw in records]
        good, letters = self._decoded(raws)
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(self._settings.consumer.deadline_seconds):
                    failed = await self._handled(good)
                    await self._letters.send([*letters, *failed])
                break
            except Exception as error:
                if not (isinstance(error, Unavailable) or db.is_transient(error)):
                    raise
                attempt += 1
                metrics.RETRIES.labels(self._group, type(error).__name__).inc()
                self._health.ready(self._group, False, f"engine away: {error!r}")
                log.warning("batch_waits", group=self._group, attempt=attempt, error=repr(error))
                if not await self._wait(consumer, stop, min(0.2 * 2**attempt, 10)):
                    return  # stopping: the batch was not committed, so it comes again
        self._health.ready(self._group, True)
        await self._committed(consumer, fetched)
        self._after_commit()
        self._observe(started, raws, len(letters) + len(failed))

    def _decoded(self, raws: Sequence[Any]) -> tuple[list[Record], list[Outgoing]]:
        good: list[Record] = []
        letters: list[Outgoing] = []
        for raw in raws:
            try:
                good.append(Record(self._topics[raw.topic], decode(raw.value, raw.headers), raw))
            except BadRecord as error:
                letters.append(self._letter(raw, str(error)))
        return good, letters

    async def _handled(self, records: Sequence[Record]) -> list[Outgoing]:
        """Handle the records in one transaction; on a fault of the data, halve until the bad record is alone."""
        if not records:
            return []
        try:
            async with db.transaction(self._pool) as connection:
                await self._handler(connection, records)
        except Exception as error:
            if isinstance(error, Unavailable) or db.is_transient(error):
                raise
            if len(records) == 1:
                log.exception("record_failed", group=self._group, topic=records[0].topic)
                return [self._letter(records[0].raw, f"{type(error).__name__}: {error}")]
            middle = len(records) // 2
            return [*await self._handled(records[:middle]), *await self._handled(records[middle:])]
        return []

    def _letter(self, raw: Any, reason: str) -> Outgoing:
        metrics.DEAD_LETTERS.labels(self._group).inc()
        return letter_of(self._settings.topic("dead-letters"), self._group, self._topics[raw.topic], raw, reason)

    async def _committed(self, consumer: AIOKafkaConsumer, fetched: dict[TopicPartition, list[Any]]) -> None:
        offsets = {partition: records[-1].offset + 1 for partition, records in fetched.items()}
        try:
            async with asyncio.timeout(self._settings.consumer.deadline_seconds):
                await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # A rebalance gave the partition away: its new owner sees the batch again, which changes nothing.
            log.info("commit_lost_to_rebalance", group=self._group, error=repr(error))

    async def _wait(self, consumer: AIOKafkaConsumer, stop: asyncio.Event, seconds: float) -> bool:
        """Wait before another try, staying a member of the group: a paused poll counts as a poll. False: stopping."""
        assigned = consumer.assignment()
        consumer.pause(*assigned)
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until and not stop.is_set():
                await consumer.getmany(timeout_ms=100, max_records=1)
        finally:
            consumer.resume(*(assigned & consumer.assignment()))
        return not stop.is_set()

    async def _check_stalled(self, consumer: AIOKafkaConsumer) -> None:
        """Raise when records wait though none came: a consumer can hang after a broker restart."""
        async with asyncio.timeout(self._settings.consumer.deadline_seconds):
            ends = await consumer.end_offsets(list(consumer.assignment()))
            behind = [p for p, end in ends.items() if await consumer.position(p) < end]
        if behind:
            raise Unavailable(f"no records for {self._settings.consumer.stall_seconds:g} s though {behind} have some")
        self._progress = time.monotonic()

    def _observe(self, started: float, raws: Sequence[Any], bad: int) -> None:
        metrics.BATCH_SECONDS.labels(self._group).observe(time.monotonic() - started)
        metrics.BATCH_RECORDS.labels(self._group).observe(len(raws))
        self._ratio = self._ratio.after(len(raws), bad)
        if self._ratio.exceeded:
            raise TooManyBadRecords(
                f"{self._group}: {self._ratio.bad} of the last {self._ratio.seen} records were bad. They are kept as "
                "dead letters; look at `closedloop dead-letters list`, mend the sender, then start again."
            )


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def _stopped(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(10):
            await consumer.stop()
    except (KafkaError, TimeoutError, OSError) as error:
        log.warning("consumer_stop_failed", error=repr(error))
