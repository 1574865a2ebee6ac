"""Where credited touches came from, each kept once, so that a credit names it by a number."""

from collections.abc import Iterable, Sequence

from services.attribution.domain.deals.touches import Origin
from shared.db import Connection

_GIVEN = """
SELECT nth, attribution.origin_key(channel, source, medium, campaign) AS key, channel, source, medium, campaign
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
    AS given (channel, source, medium, campaign, nth)
"""
_FIND = f"SELECT nth, origin_id FROM ({_GIVEN}) AS given LEFT JOIN attribution.origin USING (key) ORDER BY nth"  # noqa: S608
_ADD = f"""
INSERT INTO attribution.origin (key, channel, source, medium, campaign)
SELECT key, channel, source, medium, campaign FROM ({_GIVEN}) AS given ORDER BY key ON CONFLICT DO NOTHING
"""  # noqa: S608
_NAMES = "SELECT origin_id, channel, source, medium, campaign FROM attribution.origin WHERE origin_id = ANY($1::int[])"


async def ids(connection: Connection, origins: Sequence[Origin]) -> list[int]:
    """The stored id of each origin; new ones are added, in one order, so that two processes do not lock each other."""
    columns = [[origin[n] for origin in origins] for n in range(4)]
    found = [row["origin_id"] for row in await connection.fetch(_FIND, *columns)]
    if None in found:
        await connection.execute(_ADD, *columns)
        found = [row["origin_id"] for row in await connection.fetch(_FIND, *columns)]
    return found


async def names(connection: Connection, origin_ids: Iterable[int]) -> dict[int, Origin]:
    """The origins of these ids."""
    rows = await connection.fetch(_NAMES, list(origin_ids))
    return {row["origin_id"]: Origin(*tuple(row)[1:]) for row in rows}
