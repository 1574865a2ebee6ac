"""The one consume loop, on real Kafka and real PostgreSQL, with the faults it is there for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import db
from shared.errors import TooManyBadRecords
from shared.events import decode, encode, headers
from shared.events.dead_letter import DeadLetter
from shared.events.spend import Spend
from shared.http.health import Health
from shared.kafka.consume import ConsumeLoop, Record
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

NOW = datetime(2026, 3, 2, tzinfo=UTC)
Handle = Callable[[Any, Sequence[Record]], Awaitable[None]]


def a_record(settings: Settings, name: str) -> Outgoing:
    spend = Spend(date(2026, 3, 2), name, "cpc", Decimal("1.00"), "USD", NOW, NOW)
    return Outgoing(
        settings.topic("spend"), name.encode(), encode(spend), headers("closedloop.spend.v1", name, "test", NOW)
    )


async def store(connection: Any, records: Sequence[Record]) -> None:
    names = [record.event.source for record in records]
    await connection.execute("INSERT INTO seen SELECT unnest($1::text[])", names)


class Bench:
    """A table of what was handled, a producer, and loops on the spend topic."""

    def __init__(self, settings: Settings, pool: AsyncEngine, producer: Producer) -> None:
        self.settings, self.pool, self.producer = settings, pool, producer
        self.stop = asyncio.Event()
        self.health = Health()

    def loop(self, handler: Handle = store) -> ConsumeLoop:
        return ConsumeLoop(self.settings, "test", ["spend"], handler, self.pool, self.producer, self.health)

    async def send(self, *names: str) -> None:
        await self.producer.send([a_record(self.settings, name) for name in names])

    async def seen(self) -> list[str]:
        async with db.transaction(self.pool) as connection:
            return [row["name"] for row in await connection.fetch("SELECT name FROM seen ORDER BY name")]

    async def until(self, names: Sequence[str], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not set(names) <= set(await self.seen()):
                await asyncio.sleep(0.05)

    async def handled_by(self, loop: ConsumeLoop, names: Sequence[str]) -> None:
        """Run a loop until it has stored `names`, then stop it in order."""
        self.stop.clear()
        running = asyncio.create_task(loop.run(self.stop))
        try:
            await self.until(names)
        finally:
            self.stop.set()
            await running

    async def dead_letters(self, count: int) -> list[DeadLetter]:
        consumer = AIOKafkaConsumer(
            self.settings.topic("dead-letters"),
            bootstrap_servers=self.settings.kafka_bootstrap,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            async with asyncio.timeout(30):
                raws = [await consumer.getone() for _ in range(count)]
        finally:
            await consumer.stop()
        return [decode(raw.value, raw.headers) for raw in raws]


@asynccontextmanager
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    pool, producer = db.engine(settings.postgres_url), Producer(settings.kafka)
    await producer.start()
    async with db.transaction(pool) as connection:
        await connection.execute("CREATE TABLE seen (name text)")
    try:
        yield Bench(settings, pool, producer)
    finally:
        await producer.stop()
        await pool.dispose()


async def test_what_was_committed_is_not_handled_again(settings: Settings) -> None:
    async with bench(settings) as on:
        await on.send("a", "b", "c")
        await on.handled_by(on.loop(), ["a", "b", "c"])
        await on.send("d")
        await on.handled_by(on.loop(), ["d"])
        assert await on.seen() == ["a", "b", "c", "d"]


async def test_a_poison_record_becomes_a_dead_letter_and_the_partition_moves_on(settings: Settings) -> None:
    async def fussy(connection: Any, records: Sequence[Record]) -> None:
        if any(record.event.source == "poison" for record in records):
            raise ValueError("no such thing")
        await store(connection, records)

    async with bench(settings) as on:
        good = [f"n{number:02}" for number in range(40)]
        topic, now = settings.topic("spend"), headers("closedloop.spend.v9", "x", "test", NOW)
        unknown = Outgoing(topic, b"n01", b'{"later": 1}', now)
        await on.send(*good[:20], "poison")
        await on.producer.send([unknown])
        await on.send(*good[20:])
        await on.handled_by(on.loop(fussy), good)
        assert await on.seen() == good
        letters = {letter.reason: letter for letter in await on.dead_letters(2)}
        assert set(letters) == {"ValueError: no such thing", "unknown event type 'closedloop.spend.v9'"}
        assert letters["unknown event type 'closedloop.spend.v9'"].body == '{"later": 1}'


async def test_while_an_engine_is_away_the_batch_waits_and_nothing_is_lost(settings: Settings) -> None:
    failures = iter([ConnectionRefusedError("PostgreSQL is away"), ConnectionResetError("still away")])

    async def flaky(connection: Any, records: Sequence[Record]) -> None:
        await store(connection, records)
        for error in failures:
            raise error

    async with bench(settings) as on:
        await on.send("a", "b")
        await on.handled_by(on.loop(flaky), ["a", "b"])
        assert await on.seen() == ["a", "b"]
        assert not on.health.waiting


async def test_a_connection_that_postgresql_ends_in_mid_batch_is_no_loss(settings: Settings) -> None:
    ended = False

    async def cut_off_once(connection: Any, records: Sequence[Record]) -> None:
        nonlocal ended
        await store(connection, records)
        if not ended:
            ended = True
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    async with bench(settings) as on:
        await on.send("a", "b", "c")
        await on.handled_by(on.loop(cut_off_once), ["a", "b", "c"])
        assert ended
        assert await on.seen() == ["a", "b", "c"]


async def test_two_members_share_the_work_and_one_leaving_loses_nothing(settings: Settings) -> None:
    async def once(connection: Any, records: Sequence[Record]) -> None:
        await store(connection, records)
        await asyncio.sleep(0.05)

    async with bench(settings) as on:
        names = [f"n{number:04}" for number in range(300)]
        leaves = asyncio.Event()
        first = asyncio.create_task(on.loop(once).run(leaves))
        second = asyncio.create_task(on.loop(once).run(on.stop))
        for at in range(0, 300, 20):
            await on.send(*names[at : at + 20])
            if at == 140:
                leaves.set()
                await first
            await asyncio.sleep(0.05)
        await on.until(names)
        on.stop.set()
        await second
        assert sorted(set(await on.seen())) == names


async def test_mostly_bad_records_stop_the_consumer_loudly_and_stay_as_dead_letters(settings: Settings) -> None:
    async with bench(settings) as on:
        now = headers("closedloop.spend.v1", "x", "test", NOW)
        bad = [Outgoing(settings.topic("spend"), b"%d" % number, b"{", now) for number in range(400)]
        await on.producer.send(bad)
        with pytest.raises(TooManyBadRecords, match="mend the sender"):
            async with asyncio.timeout(60):
                await on.loop().run(on.stop)
        assert len(await on.dead_letters(250)) == 250
