"""Events onto the topics, as ingest and lifecycle put them there."""

from collections.abc import Sequence

import msgspec

from shared.events import encode, headers, type_of
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings
from tests.integration.attribution.company import START


def outgoing(settings: Settings, event: msgspec.Struct) -> Outgoing:
    """The Kafka record of an event; its first field is its key."""
    kind = type_of(event)
    key = str(getattr(event, event.__struct_fields__[0]))
    return Outgoing(settings.topic(kind.topic), key.encode(), encode(event), headers(kind.name, key, "test", START))


async def send(settings: Settings, events: Sequence[msgspec.Struct]) -> None:
    """Return when Kafka has them all."""
    producer = Producer(settings.kafka)
    await producer.start()
    try:
        await producer.send([outgoing(settings, event) for event in events])
    finally:
        await producer.stop()
