"""Making a dead letter of a Kafka record: whole, with the reason, under an id that a second try repeats.

The letter must itself fit into Kafka. The body of a record so large that it would not is cut; the record is whole at
its origin, for as long as Kafka keeps the topic.
"""

import base64
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.events import encode, headers
from shared.events.dead_letter import DeadLetter
from shared.kafka.producer import Outgoing

_MOST_BODY = 700_000
"""Characters. Escaped as JSON most text grows by a few per cent; what grows more is sent as base64, which does not."""

_LAST_MOMENT = 253_402_300_799  # seconds: the last one of the year 9999
_LARGE = 100_000  # bytes that fit into a Kafka record (1 MB) whatever they are
NAMESPACE = uuid.UUID("5b0c8a6e-6b3e-5b0f-9a53-0d5f6a0e6c11")


def body_of(raw: bytes) -> tuple[str, str]:
    """The text of raw bytes and its encoding: utf-8, or base64: for no UTF-8, a NUL, or what would grow too large."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode(), "base64"
    # PostgreSQL text cannot hold a NUL; and as JSON within JSON a text of quotes or control characters grows sixfold.
    if "\x00" in text or (len(raw) > _LARGE and len(msgspec.json.encode(text)) > 1.5 * len(raw)):
        return base64.b64encode(raw).decode(), "base64"
    return text, "utf-8"


def letter_of(topic: str, group: str, origin_topic: str, raw: Any, reason: str) -> Outgoing:
    """The dead letter of a consumed record; the record's own time makes it the same letter when it is sent again."""
    origin = f"{group}:{origin_topic}/{raw.partition}/{raw.offset}"
    body, encoding = body_of(raw.value or b"")
    if len(body) > _MOST_BODY:
        reason = f"{reason[:1500]} (the body of {len(raw.value):,} bytes is cut; the record is whole at its origin)"
        body, encoding = base64.b64encode(raw.value[: _MOST_BODY // 2]).decode(), "base64"
    letter = DeadLetter(
        dead_letter_id=str(uuid.uuid5(NAMESPACE, origin)),
        origin=origin,
        reason=reason[:2000],
        body=body,
        encoding=encoding,
        failed_at=datetime.fromtimestamp(min(max(raw.timestamp or 0, 0) / 1000, _LAST_MOMENT), UTC),
        topic=origin_topic,
        type=next((v.decode(errors="replace") for k, v in raw.headers if k == "ce_type" and v), None),
    )
    return outgoing(topic, letter)


def outgoing(topic: str, letter: DeadLetter) -> Outgoing:
    """The Kafka record of a dead letter."""
    event_headers = headers("closedloop.dead-letter.v1", letter.dead_letter_id, letter.origin, letter.failed_at)
    return Outgoing(topic, letter.dead_letter_id.encode(), encode(letter), event_headers)
