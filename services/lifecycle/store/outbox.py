"""What is to be sent: written in the transaction that decided it, removed in the one that saw Kafka take it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shared.db import Connection


class Message(NamedTuple):
    """An event on its way: its topic's short name, its key, and its encoded value."""

    topic: str
    key: str
    event_id: str
    at: datetime
    value: bytes


async def put(connection: Connection, messages: Sequence[Message]) -> None:
    """Queue messages."""
    await connection.copy_records_to_table("outbox", schema_name="lifecycle", columns=Message._fields, records=messages)


async def set_aside(connection: Connection, refused: Sequence[tuple[Message, str]], now: datetime) -> None:
    """Keep whole what Kafka will never take, with the reason."""
    await connection.copy_records_to_table(
        "refused",
        schema_name="lifecycle",
        columns=(*Message._fields, "reason", "refused_at"),
        records=[(*message, reason, now) for message, reason in refused],
    )


async def take(connection: Connection, limit: int) -> list[Message]:
    """Take the oldest messages nobody else is sending; they are gone when the transaction commits."""
    rows = await connection.fetch(
        "WITH taken AS (DELETE FROM lifecycle.outbox WHERE seq = ANY(ARRAY(SELECT seq FROM lifecycle.outbox "
        "ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING *) "
        "SELECT topic, key, event_id, at, value FROM taken ORDER BY seq",
        limit,
    )
    return [Message(*row) for row in rows]
