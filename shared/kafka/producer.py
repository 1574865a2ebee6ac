"""Sending a known list of events and waiting until Kafka has all of them."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.errors import Unavailable
from shared.events import Headers
from shared.kafka.topics import partition_of


class Outgoing(NamedTuple):
    """A record to send: the topic's full Kafka name, its key and value, and its CloudEvents headers."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


class Producer:
    """An idempotent producer (acks=all) with a deadline on every call."""

    def __init__(self, bootstrap: str, deadline_seconds: float = 30) -> None:
        self._deadline = deadline_seconds
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            compression_type="lz4",
            request_timeout_ms=int(deadline_seconds * 1000),
        )

    async def start(self) -> None:
        """Connect. Raises Unavailable when Kafka does not answer."""
        try:
            async with asyncio.timeout(self._deadline):
                await self._producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"Kafka does not answer: {error}") from error

    async def stop(self) -> None:
        """Send what is pending and disconnect."""
        try:
            async with asyncio.timeout(self._deadline):
                await self._producer.stop()
        except TimeoutError as error:
            raise Unavailable("Kafka did not take the last records before the deadline") from error

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Return when Kafka has every record; raise Unavailable when it does not in time (some may be stored then)."""
        try:
            async with asyncio.timeout(self._deadline):
                pending = [await self._enqueue(record) for record in records]
                await asyncio.gather(*pending)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"Kafka did not take {len(records)} records: {error!r}") from error

    async def _enqueue(self, record: Outgoing) -> "asyncio.Future[object]":
        partitions = await self._producer.partitions_for(record.topic)
        future: asyncio.Future[object] = await self._producer.send(
            record.topic,
            key=record.key,
            value=record.value,
            headers=record.headers,
            partition=partition_of(record.key, len(partitions)),
        )
        return future
