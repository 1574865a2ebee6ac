"""The outbox on its way to Kafka."""

from services.lifecycle.relay import Relay
from services.lifecycle.store import outbox
from services.lifecycle.store.outbox import Message
from shared import db
from shared.events import encode
from shared.events.person import Person
from shared.kafka.producer import Producer
from shared.settings import Settings
from tests.integration.lifecycle.test_service import topic
from tests.lifecycle.builders import NOW


def person(name: str, size: int = 0) -> Message:
    """A row of the outbox of about this size."""
    value = encode(Person(name, 1)) if not size else b'{"person_id":"' + name.encode() * size + b'","version":1}'
    return Message("people", name, f"{name}:1", NOW, value)


async def test_what_kafka_will_never_take_is_set_aside_and_holds_up_nobody(settings: Settings) -> None:
    pool = db.engine(settings.postgres_url, "closedloop_lifecycle")
    producer = Producer(settings.kafka)
    relay = Relay(settings, pool, producer, lambda: NOW)
    rows = [person("a"), person("b", 2_000_000), person("c"), person("d")._replace(topic="nowhere"), person("e")]
    async with db.transaction(pool) as connection:
        await outbox.put(connection, rows)
    while await relay.relay():
        pass

    assert {event.person_id for event in await topic(settings, "people")} == {"a", "c", "e"}
    letters = {letter.topic: letter for letter in await topic(settings, "dead-letters")}
    assert set(letters) == {"people", "nowhere"}
    assert "larger than Kafka takes" in letters["people"].reason and len(letters["people"].body) < 200_000
    async with db.transaction(pool) as connection:
        kept = await connection.fetch("SELECT event_id, length(value) AS size FROM lifecycle.refused ORDER BY 1")
        assert [tuple(row) for row in kept] == [("b:1", len(rows[1].value)), ("d:1", len(rows[3].value))]
        assert await connection.fetchval("SELECT count(*) FROM lifecycle.outbox") == 0
    await producer.stop()
    await pool.dispose()
