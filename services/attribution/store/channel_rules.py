"""Which version of the channel rules (and earning kinds) each touch and cost was classified by.

Touches and costs carry a number; `warehouse.channel_rules` says which version it stands for. A number is open while a
running service may add to it. A rebuild closes numbers first, so that it meets all that will ever be of them, and gives
a number another version once everything of it has been classified anew.
"""

from collections.abc import Collection

from shared.db import Connection

_ADDING = "SELECT pg_advisory_xact_lock_shared(7052026, 12)"
_CLOSING = "SELECT pg_advisory_xact_lock(7052026, 12)"
_OPEN = """
WITH found AS (SELECT rules_id FROM warehouse.channel_rules WHERE version = $1 AND is_open LIMIT 1), made AS (
    INSERT INTO warehouse.channel_rules (version) SELECT $1 WHERE NOT EXISTS (SELECT FROM found)
    ON CONFLICT (version) WHERE is_open DO UPDATE SET is_open = true RETURNING rules_id
)
SELECT rules_id FROM found UNION ALL SELECT rules_id FROM made
"""
_VERSIONS = "SELECT DISTINCT version FROM warehouse.channel_rules WHERE rules_id = ANY($1)"


async def open_for(connection: Connection, version: str) -> int:
    """The number under which to store what this version classified; nobody closes it before this transaction ends."""
    await connection.execute(_ADDING)
    rules_id: int = await connection.fetchval(_OPEN, version)
    return rules_id


async def version_of(connection: Connection, numbers: Collection[int], none: str | None) -> str | None:
    """The one version that all of these numbers stand for; None when there are several. Of no numbers it is `none`."""
    if not numbers:
        return none
    versions = await connection.fetch(_VERSIONS, list(numbers))
    return versions[0]["version"] if len(versions) == 1 else None
