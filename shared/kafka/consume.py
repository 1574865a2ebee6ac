"""The one consume loop: a batch, its handler in one transaction, then the offsets.

    1. fetch      die here: nothing happened
    2. apply      one PostgreSQL transaction; die here: rolled back, the batch comes again
    3. letters    dead letters reach Kafka; die here: they are sent again under the same id
    4. commit     die before: the batch comes again, and every write is idempotent

A batch that fails by a fault of the data, or takes too long, is done in parts: half as many records at a time, down to
one, which becomes a dead letter; after each success twice as many. An engine that is away (Unavailable, a lost
connection, a deadlock) makes the batch wait, for ever, with backoff, while heartbeats go on. What Kafka itself drops,
or the watchdog finds stalled, is begun anew from the committed offsets.
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
from shared.errors import Refused, TooManyBadRecords, Unavailable
from shared.kafka.access import DENIED, client_options, denied
from shared.kafka.apply import BatchApplier, Handler, Record, TooMuch, engine_is_away
from shared.kafka.bad_ratio import BadRatio
from shared.kafka.producer import Producer
from shared.settings import Settings

__all__ = ["ConsumeLoop", "Handler", "Record"]

log = structlog.get_logger()

SESSION_SECONDS = 6.0
"""A member that was killed and has no name (`kafka.instance`) is waited for this long; brokers allow no less."""


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
        self._most = self._limits.batch
        self._progress = time.monotonic()
        self._caught_up = False

    @property
    def caught_up(self) -> bool:
        """Whether everything that waited when this member (last) joined has been read: what is known is not old."""
        return self._caught_up

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; make the consumer anew when Kafka drops it or the watchdog finds it stalled."""
        while not stop.is_set():
            try:
                await self._session(stop)
            except DENIED as error:
                raise denied(self._settings.kafka, error) from error
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
            group_instance_id=self._instance(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(SESSION_SECONDS * 1000),
            heartbeat_interval_ms=1_500,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=500,  # records are sent as soon as there are any; this is for idle topics
            metadata_max_age_ms=30_000,
        )
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                await consumer.start()
            self._health.ready(self._group, True)
            self._progress, self._caught_up = time.monotonic(), False
            while not stop.is_set():
                fetched = await consumer.getmany(timeout_ms=200, max_records=self._limits.batch)
                if fetched:
                    await self._all(consumer, [raw for records in fetched.values() for raw in records], stop)
                    self._progress = time.monotonic()
                elif time.monotonic() - self._progress > self._limits.stall_seconds:
                    await self._raise_if_stalled(consumer)
                if not self._caught_up:
                    self._caught_up = await self._has_read_all(consumer)
        finally:
            await _stopped(consumer)

    def _instance(self) -> str | None:
        # A restarted process with the name of the one before it takes over its partitions without a rebalance.
        instance = self._settings.kafka.instance
        return None if instance is None else f"{self._group}.{instance}"

    async def _all(self, consumer: AIOKafkaConsumer, raws: list[Any], stop: asyncio.Event) -> None:
        """Do what was fetched, in as many parts as it takes; each part is committed before the next."""
        attempt = 0
        while raws:
            part = raws[: self._most]
            try:
                await self._part(consumer, part)
            except TooMuch as error:
                self._most = max(1, len(part) // 2)
                metrics.HALVINGS.labels(self._group).inc()
                log.warning("batch_halved", group=self._group, records=len(part), error=str(error))
            except Exception as error:
                if not engine_is_away(error):
                    raise
                attempt += 1
                metrics.RETRIES.labels(self._group, type(error).__name__).inc()
                self._health.ready(self._group, False, f"engine away: {error!r}")
                log.warning("batch_waits", group=self._group, attempt=attempt, error=repr(error))
                await self._wait(consumer, stop, min(0.2 * 2 ** min(attempt, 6), 10))
            else:
                attempt = 0
                self._most = min(self._most * 2, self._limits.batch)
                raws = raws[len(part) :]
                self._health.ready(self._group, True)
            if raws:
                await self._wait(consumer, stop, 0)
                if stop.is_set():
                    return  # what is left was not committed, so it comes again
                assigned = consumer.assignment()
                raws = [raw for raw in raws if TopicPartition(raw.topic, raw.partition) in assigned]

    async def _part(self, consumer: AIOKafkaConsumer, raws: Sequence[Any]) -> None:
        started = time.monotonic()
        letters = await self._applier.apply(raws)
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                await self._letters.send(letters)
        except Refused as error:
            log.error("dead_letters_refused", group=self._group, error=str(error))  # their records are still in Kafka
        await self._commit(consumer, raws)
        self._after_commit()
        self._observe(started, len(raws), len(letters))

    async def _commit(self, consumer: AIOKafkaConsumer, raws: Sequence[Any]) -> None:
        assigned = consumer.assignment()
        done = {TopicPartition(raw.topic, raw.partition): raw.offset + 1 for raw in raws}
        offsets = {partition: offset for partition, offset in done.items() if partition in assigned}
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

    async def _wait(self, consumer: AIOKafkaConsumer, stop: asyncio.Event, seconds: float) -> None:
        """Wait before the next part, staying a member of the group: a paused poll counts as a poll."""
        paused = consumer.assignment()
        consumer.pause(*paused)
        until = time.monotonic() + seconds
        while True:
            surprise = await consumer.getmany(timeout_ms=100 if seconds else 0, max_records=1)
            for partition, records in surprise.items():  # a rebalance gave us a partition that was not paused
                consumer.seek(partition, records[0].offset)
            if time.monotonic() >= until or stop.is_set():
                break
        consumer.resume(*(paused & consumer.assignment()))

    async def _has_read_all(self, consumer: AIOKafkaConsumer) -> bool:
        assigned = consumer.assignment()
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                ends = {partition: consumer.highwater(partition) for partition in assigned}
                known = [(await consumer.position(p), end) for p, end in ends.items() if end is not None]
        except IllegalStateError:  # a rebalance took a partition while we asked
            return False
        return bool(assigned) and len(known) == len(assigned) and all(position >= end for position, end in known)

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
