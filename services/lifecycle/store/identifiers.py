"""Identifiers, the links that prove who is who, and what was derived from them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.lifecycle.domain.collect import First, Sight
from services.lifecycle.domain.identity.links import WEAK, Key, Link, Runs
from shared.db import Connection


class Identifier(NamedTuple):
    """A stored identifier: whose it is, its first appearance, and the runs of a weak one."""

    person_id: str
    first_at: datetime
    first_id: str
    last_at: datetime
    runs: Runs


_RUNS = msgspec.json.Decoder(Runs)
_COLUMNS = "kind, value, person_id::text, first_at, first_id, last_at, runs"
_LINKED = (
    "CREATE TEMP TABLE IF NOT EXISTS linked (value text, at timestamptz, event_id text, strong_kind text, "
    "strong_value text) ON COMMIT DELETE ROWS"
)
_UPSERTED = "kind, value, u.person_id::text, u.first_at, u.first_id, u.last_at, u.runs"

_SIGHT = (
    "CREATE TEMP TABLE IF NOT EXISTS sight (kind text, value text, person_id uuid, first_at timestamptz, "
    "first_id text, last_at timestamptz) ON COMMIT DELETE ROWS"
)
_UPSERT = f"""
WITH upserted AS (
INSERT INTO lifecycle.identifier AS i (kind, value, person_id, first_at, first_id, last_at)
SELECT * FROM pg_temp.sight
ON CONFLICT (kind, value) DO UPDATE SET
  first_id = CASE WHEN (excluded.first_at, excluded.first_id COLLATE "C") < (i.first_at, i.first_id COLLATE "C")
             THEN excluded.first_id ELSE i.first_id END,
  first_at = least(i.first_at, excluded.first_at),
  last_at = greatest(i.last_at, excluded.last_at)
RETURNING *)
SELECT {_UPSERTED} FROM upserted u JOIN pg_temp.sight s USING (kind, value) WHERE u.person_id <> s.person_id
"""  # noqa: S608 - made of constants


async def upsert(connection: Connection, sights: Sequence[tuple[Key, Sight, str]]) -> dict[Key, Identifier]:
    """Note sights, sorted by key, and lock their rows; a new identifier takes the person id given with it."""
    records = [
        (*key, person_id, sight.first_at, sight.first_id, sight.last_at.replace(second=0, microsecond=0))
        for key, sight, person_id in sights
    ]
    await connection.execute(_SIGHT)
    # asyncpg encodes records for COPY at a third of the cost of arrays.
    await connection.copy_records_to_table("sight", records=records)
    found = {(r[0], r[1]): Identifier(r[2], r[3], r[4], r[5], ()) for r in records}
    found |= _by_key(await connection.fetch(_UPSERT))  # those that were there already; the rest is as it was given
    return found


async def of_keys(connection: Connection, keys: Iterable[Key]) -> dict[Key, Identifier]:
    """The stored identifiers among these; nobody gives them to another person before this transaction ends."""
    return _by_key(
        await connection.fetch(
            f"SELECT {_COLUMNS} FROM lifecycle.identifier "  # noqa: S608 - made of constants
            "JOIN unnest($1::text[], $2::text[]) AS k(kind, value) USING (kind, value) FOR SHARE OF identifier",
            *_split(keys),
        )
    )


async def of_persons(connection: Connection, person_ids: Iterable[str]) -> dict[Key, Identifier]:
    """Every identifier that is, now, one of these persons'."""
    return _by_key(
        await connection.fetch(
            f"SELECT {_COLUMNS} FROM lifecycle.identifier WHERE person_id = ANY($1::uuid[])",  # noqa: S608
            list(person_ids),
        )
    )


async def ever_owned(connection: Connection, strong: Iterable[Key]) -> list[tuple[Key, str, Identifier]]:
    """The weak identifiers ever linked to these strong ones, as (strong, value, identifier)."""
    rows = await connection.fetch(
        "SELECT o.strong_kind, o.strong_value, i.kind, i.value, i.person_id::text, i.first_at, i.first_id, i.last_at, "
        "i.runs FROM unnest($1::text[], $2::text[]) AS k(kind, value) "
        "JOIN lifecycle.weak_owner o ON o.strong_kind = k.kind AND o.strong_value = k.value "
        "JOIN lifecycle.identifier i ON i.kind = 'anonymous_id' AND i.value = o.value",
        *_split(strong),
    )
    return [((r[0], r[1]), r[3], _identifier(r[4:])) for r in rows]


async def speaking_for(connection: Connection, person_ids: Sequence[str]) -> dict[str, Key]:
    """The strongest identifier of each of these persons (or of those they were merged into)."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (p.person_id) p.person_id::text, i.kind, i.value FROM lifecycle.person p "
        "JOIN lifecycle.identifier i ON i.person_id = coalesce(p.merged_into, p.person_id) "
        "WHERE p.person_id = ANY($1::uuid[]) ORDER BY p.person_id, "
        "array_position(ARRAY['email', 'user_id'], i.kind), i.kind = $2, i.first_at, i.first_id",
        person_ids,
        WEAK,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def reassign(connection: Connection, moved: Mapping[str, str]) -> None:
    """Give every identifier of the persons on the left to those on the right."""
    await connection.execute(
        "UPDATE lifecycle.identifier i SET person_id = m.heir FROM unnest($1::uuid[], $2::uuid[]) AS m(person_id, heir)"
        " WHERE i.person_id = m.person_id",
        list(moved),
        list(moved.values()),
    )


async def add_strong_links(connection: Connection, pairs: Mapping[tuple[Key, Key], First]) -> None:
    """Keep, per pair, the first event that proved it."""
    ordered = sorted(pairs.items())
    await connection.execute(
        "INSERT INTO lifecycle.strong_link AS l "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[]) "
        "ON CONFLICT (kind, value, other_kind, other_value) DO UPDATE SET at = excluded.at, "
        'event_id = excluded.event_id WHERE (excluded.at, excluded.event_id COLLATE "C") '
        '< (l.at, l.event_id COLLATE "C")',
        *map(list, zip(*[(*one, *other, *first) for (one, other), first in ordered], strict=True)),
    )


async def add_weak_links(connection: Connection, links: Mapping[str, Iterable[Link]]) -> None:
    """Keep every event that carried a weak and a strong identifier."""
    rows = [(value, at, event_id, *strong) for value, each in links.items() for at, event_id, strong in each]
    rows.sort()
    await connection.execute(_LINKED)
    await connection.copy_records_to_table("linked", records=rows)
    await connection.execute("INSERT INTO lifecycle.weak_link SELECT * FROM pg_temp.linked ON CONFLICT DO NOTHING")


async def timelines(connection: Connection, values: Iterable[str]) -> dict[str, list[Link]]:
    """All links of these weak identifiers."""
    found: dict[str, list[Link]] = {}
    for value, at, event_id, kind, strong in await connection.fetch(
        "SELECT value, at, event_id, strong_kind, strong_value FROM lifecycle.weak_link WHERE value = ANY($1::text[])",
        list(values),
    ):
        found.setdefault(value, []).append(Link(at, event_id, (kind, strong)))
    return found


async def save_runs(connection: Connection, changed: Mapping[str, tuple[Runs, str]]) -> None:
    """Store the runs of weak identifiers and whose they are now."""
    await connection.execute(
        "UPDATE lifecycle.identifier i SET runs = c.runs, person_id = c.person_id "
        "FROM unnest($1::text[], $2::bytea[], $3::uuid[]) AS c(value, runs, person_id) "
        "WHERE i.kind = 'anonymous_id' AND i.value = c.value",
        list(changed),
        [msgspec.json.encode(runs) for runs, _ in changed.values()],
        [person_id for _, person_id in changed.values()],
    )
    owned = sorted({(*run.strong, value) for value, (runs, _) in changed.items() for run in runs})
    await connection.execute(
        "INSERT INTO lifecycle.weak_owner SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) "
        "ON CONFLICT DO NOTHING",
        *map(list, zip(*owned, strict=True)),
    )


def _by_key(rows: Iterable[Any]) -> dict[Key, Identifier]:
    return {(row[0], row[1]): _identifier(row[2:]) for row in rows}


def _identifier(columns: Sequence[Any]) -> Identifier:
    person_id, first_at, first_id, last_at, runs = columns
    return Identifier(person_id, first_at, first_id, last_at, _RUNS.decode(runs) if runs else ())


def _split(keys: Iterable[Key]) -> tuple[list[str], list[str]]:
    pairs = list(keys)
    return [kind for kind, _ in pairs], [value for _, value in pairs]
