"""A bench for the consume loop: a table of what was handled, a producer, and loops on the spend topic."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from aiokafka import AIOKafkaConsumer
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import db
from shared.events import decode, encode, headers
from shared.events.dead_letter import DeadLetter
from shared.events.spend import Spend
from shared.http.health import Health
from shared.kafka.apply import Handler
from shared.kafka.consume import ConsumeLoop, Record
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

NOW = datetime(2026, 3, 2, tzinfo=UTC)


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

    def loop(self, handler: Handler = store) -> ConsumeLoop:
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
    pool = db.engine(settings.postgres_url, statement_seconds=settings.consumer.deadline_seconds)
    producer = Producer(settings.kafka)
    await producer.start()
    async with db.transaction(pool) as connection:
        await connection.execute("CREATE TABLE seen (name text)")
    try:
        yield Bench(settings, pool, producer)
    finally:
        await producer.stop()
        await pool.dispose()
