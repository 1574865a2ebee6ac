"""Which browser was used under which strong identifier, and when."""

from collections.abc import Iterable, Mapping

from services.lifecycle.domain.collect import WeakLink
from services.lifecycle.domain.identity.links import Key, Link
from shared.db import Connection

_LINKED = (
    "CREATE TEMP TABLE IF NOT EXISTS linked (value text, event_id text, at timestamptz, strong_kind text, "
    "strong_value text, received_at timestamptz, position int) ON COMMIT DELETE ROWS"
)
_ADD = """
WITH put AS (
INSERT INTO lifecycle.weak_link AS l (value, event_id, at, strong_kind, strong_value, received_at, position)
SELECT * FROM pg_temp.linked
ON CONFLICT (value, event_id) DO UPDATE SET at = excluded.at, strong_kind = excluded.strong_kind,
  strong_value = excluded.strong_value, received_at = excluded.received_at, position = excluded.position
WHERE (excluded.received_at, excluded.position, excluded.at, excluded.strong_kind COLLATE "C",
    excluded.strong_value COLLATE "C")
  < (l.received_at, l.position, l.at, l.strong_kind COLLATE "C", l.strong_value COLLATE "C")
RETURNING value, xmax <> 0 AS replaced)
SELECT DISTINCT value FROM put WHERE replaced
"""


async def add(connection: Connection, links: Mapping[str, Mapping[str, WeakLink]]) -> set[str]:
    """Keep every event that linked a weak identifier; those of which an earlier receipt of a stored event came now."""
    rows = [
        (value, event_id, link.at, *link.strong, *receipt)
        for value, each in sorted(links.items())
        for event_id, (receipt, link) in sorted(each.items())
    ]
    await connection.execute(_LINKED)
    await connection.copy_records_to_table("linked", records=rows)
    return {row[0] for row in await connection.fetch(_ADD)}


async def timelines(connection: Connection, values: Iterable[str]) -> dict[str, list[tuple[Link, bool]]]:
    """All links of these weak identifiers, each with whether its strong identifier's browsers count."""
    wanted = list(values)
    found: dict[str, list[tuple[Link, bool]]] = {value: [] for value in wanted}
    for value, at, event_id, kind, strong, counts in await connection.fetch(
        "SELECT l.value, l.at, l.event_id, l.strong_kind, l.strong_value, "
        "NOT i.crowded AND (i.shared = 0 OR (i.shared = 1 AND i.attested > 0)) FROM lifecycle.weak_link l "
        "JOIN lifecycle.identifier i ON i.kind = l.strong_kind AND i.value = l.strong_value "
        "WHERE l.value = ANY($1::text[])",
        wanted,
    ):
        found[value].append((Link(at, event_id, (kind, strong)), counts))
    return found


async def add_owners(connection: Connection, owners: Iterable[tuple[Key, str]]) -> list[tuple[Key, str]]:
    """Keep which strong identifiers a weak one was ever linked to, as (strong, weak); those that are new."""
    rows = sorted({(*strong, value) for strong, value in owners})
    new = await connection.fetch(
        "INSERT INTO lifecycle.weak_owner SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) "
        "ON CONFLICT DO NOTHING RETURNING strong_kind, strong_value, value",
        *map(list, zip(*rows, strict=True)),
    )
    return [((row[0], row[1]), row[2]) for row in new]


async def with_more_browsers(connection: Connection, strong: Iterable[Key], most: int) -> list[Key]:
    """Those of these identifiers that more than `most` browsers were linked to."""
    wanted = list(strong)
    rows = await connection.fetch(
        "SELECT k.kind, k.value FROM unnest($1::text[], $2::text[]) AS k(kind, value) WHERE (SELECT count(*) FROM "
        "(SELECT FROM lifecycle.weak_owner o WHERE o.strong_kind = k.kind AND o.strong_value = k.value LIMIT $3) few"
        ") > $4",
        [kind for kind, _ in wanted],
        [value for _, value in wanted],
        most + 1,
        most,
    )
    return [(row[0], row[1]) for row in rows]


async def browsers_of(connection: Connection, strong: Iterable[Key]) -> list[str]:
    """The weak identifiers ever linked to these."""
    wanted = list(strong)
    rows = await connection.fetch(
        "SELECT DISTINCT o.value FROM unnest($1::text[], $2::text[]) AS k(kind, value) "
        "JOIN lifecycle.weak_owner o ON o.strong_kind = k.kind AND o.strong_value = k.value",
        [kind for kind, _ in wanted],
        [value for _, value in wanted],
    )
    return [row[0] for row in rows]
