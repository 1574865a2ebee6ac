"""Dead letters: made of rejected items, stored by ingest's own consumer, so that taking events in needs Kafka alone."""

from collections.abc import Sequence

from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Rejected
from services.ingest.store import dead_letters as store
from shared import db, metrics
from shared.events import TYPES
from shared.events.dead_letter import DeadLetter
from shared.kafka.consume import Record
from shared.kafka.letters import body_of, outgoing
from shared.kafka.producer import Outgoing

_TOPIC_OF_TYPE = {kind.name: kind.topic for kind in TYPES}
_LONGEST_REASON = 2000


def letter_of(topic: str, path: str, event_type: str, receipt: Receipt, raw: bytes, why: Rejected) -> Outgoing:
    """The dead letter of a rejected item, whole; the same item sent again is the same letter."""
    body, encoding = body_of(raw)
    origin = f"ingest:{path}"
    metrics.DEAD_LETTERS.labels(origin).inc()
    letter = DeadLetter(
        dead_letter_id=receipt.sender.event_id(f"{origin}\0{body}"),
        origin=origin,
        reason=str(why)[:_LONGEST_REASON],
        body=body,
        encoding=encoding,
        failed_at=receipt.received_at,
        topic=_TOPIC_OF_TYPE[event_type],
        type=event_type,
        source=receipt.sender.name,
    )
    return outgoing(topic, letter)


async def handle(connection: db.Connection, records: Sequence[Record]) -> None:
    """Store a batch of dead letters."""
    await store.insert(connection, [record.event for record in records])
