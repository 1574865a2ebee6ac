"""Topics and the partition a key belongs to."""

import asyncio
from collections.abc import Iterable
from zlib import crc32

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError

from shared.errors import Unavailable
from shared.kafka.access import DENIED, client_options, denied, raise_if_denied
from shared.settings.kafka import Kafka

COMPACTED = frozenset({"people"})
"""Topics in which only the newest record of a key matters."""


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: crc32, which the standard library does in C (Kafka's murmur2 would be Python here)."""
    return crc32(key) % partitions


async def ensure_topics(kafka: Kafka, names: Iterable[str], deadline_seconds: float = 60) -> None:
    """Create the topics that are missing. Raises Unavailable when Kafka does not answer in time."""
    wanted = [
        NewTopic(
            f"{kafka.topic_prefix}.{name}",
            kafka.partitions,
            kafka.replication,
            topic_configs={"cleanup.policy": "compact"} if name in COMPACTED else {},
        )
        for name in names
    ]
    try:
        async with asyncio.timeout(deadline_seconds):
            while not await _created(kafka, wanted):  # noqa: ASYNC110 - Kafka tells nobody when it is done
                await asyncio.sleep(0.2)
    except TimeoutError as error:
        raise Unavailable(
            f"Kafka at {kafka.bootstrap} did not create the topics in {deadline_seconds:g} s; is it running?"
        ) from error


async def _created(kafka: Kafka, wanted: list[NewTopic]) -> bool:
    admin = AIOKafkaAdminClient(**client_options(kafka))
    try:
        await admin.start()
        there = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic.name not in there]
        if missing:
            await admin.create_topics(missing)
            return False  # look again: a new topic has no leader for a moment
        descriptions = await admin.describe_topics([topic.name for topic in wanted])
        return all(p["leader"] >= 0 for topic in descriptions for p in topic["partitions"])
    except TopicAlreadyExistsError:
        return False
    except DENIED as error:
        raise denied(kafka, error) from error
    except KafkaConnectionError:
        await raise_if_denied(kafka)
        return False
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
