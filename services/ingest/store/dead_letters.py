"""SQL of ingest; the caller owns the transaction."""

from collections.abc import Sequence
from uuid import UUID

from shared import db
from shared.events.dead_letter import DeadLetter

_COLUMNS = ("origin", "reason", "body", "encoding", "failed_at", "topic", "type", "source")

_INSERT = """
INSERT INTO ingest.dead_letter (dead_letter_id, origin, reason, body, encoding, failed_at, topic, type, source)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                     $8::text[], $9::text[])
ON CONFLICT (dead_letter_id) DO NOTHING
"""


async def insert(connection: db.Connection, letters: Sequence[DeadLetter]) -> None:
    """Store dead letters; one that is there already stays as it is."""
    columns = [[_text(getattr(letter, name)) for letter in letters] for name in _COLUMNS]
    await connection.execute(_INSERT, [UUID(letter.dead_letter_id) for letter in letters], *columns)


def _text(value: object) -> object:
    # A reason may quote what was sent; PostgreSQL's text cannot hold a NUL.
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
