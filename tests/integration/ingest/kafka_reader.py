"""Everything that is in a topic now."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events import decode
from shared.settings import Settings


async def records(settings: Settings, topic: str) -> list[Any]:
    """The raw records of a topic, from its beginning to its end as it is now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, group_id=None)
    await consumer.start()
    try:
        name = settings.topic(topic)
        partitions = [TopicPartition(name, number) for number in range(settings.kafka.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                found.extend(batch)
        return found
    finally:
        await consumer.stop()


async def events(settings: Settings, topic: str) -> list[Any]:
    """The decoded events of a topic."""
    return [decode(record.value, record.headers) for record in await records(settings, topic)]
