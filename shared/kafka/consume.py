"""The one consume loop: a batch, its handler in one transaction, then the offsets.

    1. fetch      die here: nothing happened
    2. apply      one PostgreSQL transaction; die here: rolled back, the batch comes again
    3. letters    dead letters reach Kafka; die here: they are sent again under the same id
    4. commit     die before: the batch comes again, and every write is idempotent

An engine that is away (Unavailable, a lost connection, a deadlock) makes the batch wait, for ever, with backoff, while
heartbeats go on. What Kafka itself drops, or the watchdog finds stalled, is begun anew from the committed offsets.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics
from shared.errors import TooManyBadRecords, Unavailable
from shared.kafka.access import client_options
from shared.kafka.apply import BatchApplier, Handler, Record, engine_is_away
from shared.kafka.bad_ratio import BadRatio
from shared.kafka.producer import Producer
from shared.settings import Settings

__all__ = ["ConsumeLoop", "Handler", "Record"]

log = structlog.get_logger()

Fetched = dict[TopicPartition, list[Any]]


class Health(Protocol):
    """What the loop tells the outside about itself."""

    def ready(self, part: str, is_ready: bool, why: str = "") -> None:
        """Note that a part is ready, or why not."""


class ConsumeLoop:
    """One member of a consumer group. `run` returns when `stop` is set, or raises TooManyBadRecords."""

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
        self._limits = settings.consumer
        self._group = settings.group(service)
        self._topics = {settings.topic(name): name for name in topics}
        self._applier = BatchApplier(settings, self._group, self._topics, handler, pool)
        self._letters = letters
        self._health = health
        self._after_commit = after_commit
        self._ratio = BadRatio(self._limits.bad_ratio, self._limits.bad_window)
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
        consumer = AIOKafkaConsumer(
            *self._topics,
            **client_options(self._settings.kafka),
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,  # a member that was killed is waited for this long
            heartbeat_interval_ms=2_000,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=500,  # records are sent as soon as there are any; this is for idle topics
            metadata_max_age_ms=30_000,
        )
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                await consumer.start()
            self._health.ready(self._group, True)
            self._progress = time.monotonic()
            while not stop.is_set():
                fetched = await consumer.getmany(timeout_ms=200, max_records=self._limits.batch)
                if fetched:
                    await self._batch(consumer, fetched, stop)
                    self._progress = time.monotonic()
                elif time.monotonic() - self._progress > self._limits.stall_seconds:
                    await self._raise_if_stalled(consumer)
        finally:
            await _stopped(consumer)

    async def _batch(self, consumer: AIOKafkaConsumer, fetched: Fetched, stop: asyncio.Event) -> None:
        started, attempt = time.monotonic(), 0
        raws = [raw for records in fetched.values() for raw in records]
        while True:
            try:
                async with asyncio.timeout(self._limits.deadline_seconds):
                    letters = await self._applier.apply(raws)
                    await self._letters.send(letters)
                break
            except Exception as error:
                if not engine_is_away(error):
                    raise
                attempt += 1
                metrics.RETRIES.labels(self._group, type(error).__name__).inc()
                self._health.ready(self._group, False, f"engine away: {error!r}")
                log.warning("batch_waits", group=self._group, attempt=attempt, error=repr(error))
                if not await self._wait(consumer, stop, min(0.2 * 2 ** min(attempt, 6), 10)):
                    return  # stopping: the batch was not committed, so it comes again
        self._health.ready(self._group, True)
        await self._commit(consumer, fetched)
        self._after_commit()
        self._observe(started, len(raws), len(letters))

    async def _commit(self, consumer: AIOKafkaConsumer, fetched: Fetched) -> None:
        assigned = consumer.assignment()
        offsets = {p: records[-1].offset + 1 for p, records in fetched.items() if p in assigned}
        for partition, offset in offsets.items():
            behind = (consumer.highwater(partition) or offset) - offset
            metrics.LAG.labels(self._topics[partition.topic], partition.partition).set(behind)
        if not offsets:
            return
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # A rebalance gave the partition away: its new owner sees the batch again, which changes nothing.
            log.info("commit_lost_to_rebalance", group=self._group, error=repr(error))

    async def _wait(self, consumer: AIOKafkaConsumer, stop: asyncio.Event, seconds: float) -> bool:
        """Wait before another try, staying a member of the group: a paused poll counts as a poll. False: stopping."""
        paused = consumer.assignment()
        consumer.pause(*paused)
        until = time.monotonic() + seconds
        while time.monotonic() < until and not stop.is_set():
            surprise = await consumer.getmany(timeout_ms=100, max_records=1)
            for partition, records in surprise.items():  # a rebalance gave us a partition that was not paused
                consumer.seek(partition, records[0].offset)
        consumer.resume(*(paused & consumer.assignment()))
        return not stop.is_set()

    async def _raise_if_stalled(self, consumer: AIOKafkaConsumer) -> None:
        """Raise Unavailable when records wait though none came: a consumer can hang after a broker restart."""
        async with asyncio.timeout(self._limits.deadline_seconds):
            ends = await consumer.end_offsets(list(consumer.assignment()))
            behind = [p for p, end in ends.items() if await consumer.position(p) < end]
        if behind:
            raise Unavailable(f"no records for {self._limits.stall_seconds:g} s though {behind} have some")
        self._progress = time.monotonic()

    def _observe(self, started: float, seen: int, bad: int) -> None:
        metrics.BATCH_SECONDS.labels(self._group).observe(time.monotonic() - started)
        metrics.BATCH_RECORDS.labels(self._group).observe(seen)
        self._ratio = self._ratio.after(seen, bad)
        if self._ratio.exceeded:
            raise TooManyBadRecords(
                f"{self._group}: {self._ratio.bad} of the last {self._ratio.seen} records were bad. They are kept as "
                "dead letters; look at the table ingest.dead_letter, mend the sender, then start again."
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
