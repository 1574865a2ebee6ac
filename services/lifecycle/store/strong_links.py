"""Which strong identifiers were seen together, and by what evidence."""

from collections.abc import Iterable, Mapping, Sequence

from services.lifecycle.domain.collect import Together
from services.lifecycle.domain.identity.links import Key
from services.lifecycle.domain.identity.strong import StrongLink
from shared.db import Connection

_ADD = """
INSERT INTO lifecycle.strong_link AS l (kind, value, other_kind, other_value, at, event_id, trusted)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::boolean[])
ON CONFLICT (kind, value, other_kind, other_value) DO UPDATE SET
  event_id = CASE WHEN (excluded.at, excluded.event_id COLLATE "C") < (l.at, l.event_id COLLATE "C")
             THEN excluded.event_id ELSE l.event_id END,
  at = least(l.at, excluded.at),
  trusted = l.trusted OR excluded.trusted
WHERE (excluded.at, excluded.event_id COLLATE "C") < (l.at, l.event_id COLLATE "C")
  OR (excluded.trusted AND NOT l.trusted)
RETURNING kind, value, other_kind, other_value
"""
_COLUMNS = "l.kind, l.value, l.other_kind, l.other_value, l.at, l.event_id, l.trusted"
_NODES = "unnest($1::text[], $2::text[]) AS n(kind, value)"
_HERE = "l.kind = n.kind AND l.value = n.value"
_THERE = "l.other_kind = n.kind AND l.other_value = n.value"


async def add(connection: Connection, pairs: Mapping[tuple[Key, Key], Together]) -> list[tuple[Key, Key]]:
    """Keep, per pair, the first event that proved it and whether any was trusted; the pairs of which that changed."""
    rows = [(*one, *other, *first, trusted) for (one, other), (first, trusted) in sorted(pairs.items())]
    changed = await connection.fetch(_ADD, *map(list, zip(*rows, strict=True)))
    return [((row[0], row[1]), (row[2], row[3])) for row in changed]


async def of(connection: Connection, keys: Sequence[Key], only_trusted: bool) -> set[StrongLink]:
    """The links of these identifiers; of those that are shared only the trusted ones: the others are too many."""
    which = " AND l.trusted" if only_trusted else ""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM {_NODES} JOIN lifecycle.strong_link l ON {_HERE}{which} "  # noqa: S608 - constants
        f"UNION SELECT {_COLUMNS} FROM {_NODES} JOIN lifecycle.strong_link l ON {_THERE}{which}",
        [kind for kind, _ in keys],
        [value for _, value in keys],
    )
    return {StrongLink((row[0], row[1]), (row[2], row[3]), *row[4:]) for row in rows}


async def suggest(connection: Connection, suggested: Mapping[StrongLink, bool]) -> None:
    """Note which links are mere suggestions, and which are not, or no longer."""
    await connection.execute(
        "UPDATE lifecycle.strong_link l SET suggested = s.suggested "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[]) "
        "AS s(kind, value, other_kind, other_value, suggested) WHERE l.kind = s.kind AND l.value = s.value "
        "AND l.other_kind = s.other_kind AND l.other_value = s.other_value AND l.suggested <> s.suggested",
        *map(list, zip(*[(*link.one, *link.other, flag) for link, flag in suggested.items()], strict=True)),
    )


async def shared_partners(connection: Connection, keys: Iterable[Key]) -> list[tuple[Key, Key]]:
    """For each of these identifiers those that it was linked with and that too many share."""
    ordered = list(keys)
    rows = await connection.fetch(
        f"SELECT n.kind, n.value, p.kind, p.value FROM {_NODES} "  # noqa: S608 - constants
        f"JOIN lifecycle.strong_link l ON {_HERE} JOIN lifecycle.identifier p ON p.kind = l.other_kind "
        "AND p.value = l.other_value AND p.shared > 0 "
        f"UNION SELECT n.kind, n.value, p.kind, p.value FROM {_NODES} "
        f"JOIN lifecycle.strong_link l ON {_THERE} JOIN lifecycle.identifier p ON p.kind = l.kind "
        "AND p.value = l.value AND p.shared > 0",
        [kind for kind, _ in ordered],
        [value for _, value in ordered],
    )
    return [((row[0], row[1]), (row[2], row[3])) for row in rows]
