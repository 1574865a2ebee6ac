"""Which of several claims to an identifier holds, and when.

Lifecycle gives an identifier to one person at a time, but tells of two people in two events: until both have come, both
may claim it. Then who got it later holds it from that time on, so that every touch has one owner.
"""

from collections.abc import Collection

from shared.db import Connection

_SETTLE = """
UPDATE attribution.identifier_span AS span SET held_until = settled.held_until
FROM (
    SELECT identity, person_id, since,
        least(until, lead(since) OVER (PARTITION BY identity ORDER BY since, person_id DESC)) AS held_until
    FROM attribution.identifier_span WHERE identity = ANY($1)
) AS settled
WHERE span.identity = settled.identity AND span.person_id = settled.person_id AND span.since = settled.since
    AND span.held_until <> settled.held_until
"""


async def settle(connection: Connection, identities: Collection[str]) -> None:
    """Make every claim to these identifiers hold until the next begins. Call it with the marking lock held: of two
    batches that add a claim each, the later one sees both."""
    await connection.execute(_SETTLE, list(identities))
