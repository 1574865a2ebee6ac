"""The least possible work of a kind, measured on the same engines in the same run: what a figure is held against."""

import time

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.settings import Settings


async def copied(connection: asyncpg.Connection, relation: str) -> float:
    """Seconds that COPY takes to put all rows of a relation into a table of the same columns, and nothing else: no
    index, no key."""
    chunks: list[bytes] = []

    async def take(chunk: bytes) -> None:
        chunks.append(chunk)

    async def give() -> object:
        for chunk in chunks:
            yield chunk

    await connection.copy_from_query(f"SELECT * FROM {relation}", output=take, format="binary")
    await connection.execute(f"CREATE TABLE public.bare (LIKE {relation})")
    began = time.monotonic()
    await connection.copy_to_table("bare", schema_name="public", source=give(), format="binary")
    took = time.monotonic() - began
    await connection.execute("DROP TABLE public.bare")
    return took


async def fetched(settings: Settings, topic: str) -> float:
    """Seconds that a consumer takes to fetch every record of a topic and to look at none."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, fetch_max_bytes=50 << 20)
    await consumer.start()
    try:
        name = settings.topic(topic)
        partitions = [TopicPartition(name, n) for n in range(settings.kafka.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        began = time.monotonic()
        while [p for p in partitions if await consumer.position(p) < ends[p]]:
            await consumer.getmany(timeout_ms=200, max_records=5000)
        return time.monotonic() - began
    finally:
        await consumer.stop()
