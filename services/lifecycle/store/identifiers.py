"""Identifiers, the links that prove who is who, and what was derived from them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.lifecycle.domain.collect import Sight
from services.lifecycle.domain.identity.links import WEAK, Key, Runs
from services.lifecycle.domain.identity.strong import ALL
from shared.db import Connection


class Identifier(NamedTuple):
    """A stored identifier: whose it is now (None: nobody's), its first appearance, the runs of a weak one.

    `shared` and `attested` are those of domain/identity/strong (a weak identifier that is shared is a kiosk's);
    `crowded`: more browsers than one person has were linked to it; `born`: the id it would have as a person of its own.
    """

    person_id: str | None
    first_at: datetime
    first_id: str
    last_at: datetime
    runs: Runs = ()
    shared: int = 0
    attested: int = 0
    crowded: bool = False
    born: str | None = None

    @property
    def browsers_count(self) -> bool:
        """Whether a browser linked to this strong identifier is taken for its owner's."""
        return not self.crowded and (not self.shared or (self.shared < ALL and self.attested > 0))


class Seen(NamedTuple):
    """An identifier as a batch found or made it; `new`: it was not there; `attested`: as it was before."""

    row: Identifier
    new: bool
    attested: int

    @property
    def attested_now(self) -> bool:
        """Whether this batch attested what was there before, unattested."""
        return not self.new and self.attested == 0 < self.row.attested


_RUNS = msgspec.json.Decoder(Runs)
_FIELDS = ("person_id::text", "first_at", "first_id", "last_at", "runs", "shared", "attested", "crowded", "born::text")
_COLUMNS = "kind, value, " + ", ".join(_FIELDS)
_OF_I = "i.kind, i.value, " + ", ".join(f"i.{field}" for field in _FIELDS)

_SIGHT = (
    "CREATE TEMP TABLE IF NOT EXISTS sight (kind text, value text, person_id uuid, born uuid, first_at timestamptz, "
    "first_id text, last_at timestamptz, attested smallint) ON COMMIT DELETE ROWS"
)
_UPSERT = f"""
WITH upserted AS (
INSERT INTO lifecycle.identifier AS i (kind, value, person_id, born, first_at, first_id, last_at, attested)
SELECT * FROM pg_temp.sight
ON CONFLICT (kind, value) DO UPDATE SET
  first_id = CASE WHEN (excluded.first_at, excluded.first_id COLLATE "C") < (i.first_at, i.first_id COLLATE "C")
             THEN excluded.first_id ELSE i.first_id END,
  first_at = least(i.first_at, excluded.first_at),
  last_at = greatest(i.last_at, excluded.last_at),
  attested = greatest(i.attested, excluded.attested)
RETURNING *, xmax <> 0 AS there)
SELECT {_OF_I}, coalesce(before.attested, 0)
FROM upserted i LEFT JOIN lifecycle.identifier before USING (kind, value) WHERE there
"""  # noqa: S608 - made of constants; `before` is as it was when the statement began


async def upsert(connection: Connection, sights: Sequence[tuple[Key, Sight, str]]) -> dict[Key, Seen]:
    """Note sights, sorted by key, and lock their rows; a new identifier takes the person id given with it."""
    records = []
    found: dict[Key, Seen] = {}
    for key, sight, person_id in sights:
        last_at = sight.last_at.replace(second=0, microsecond=0)
        records.append((*key, person_id, person_id, sight.first_at, sight.first_id, last_at, sight.attested))
        row = Identifier(person_id, sight.first_at, sight.first_id, last_at, attested=sight.attested, born=person_id)
        found[key] = Seen(row, True, 0)
    await connection.execute(_SIGHT)
    # asyncpg encodes records for COPY at a third of the cost of arrays.
    await connection.copy_records_to_table("sight", records=records)
    for row in await connection.fetch(_UPSERT):  # those that were there already; the rest is as it was given
        found[row[0], row[1]] = Seen(_identifier(row[2:-1]), False, row[-1])
    return found


async def locked(connection: Connection, keys: Iterable[Key]) -> dict[Key, Identifier]:
    """The stored identifiers among these, locked: who links or moves one holds its lock."""
    return _by_key(
        await connection.fetch(
            f"SELECT {_COLUMNS} FROM lifecycle.identifier "  # noqa: S608 - made of constants
            "JOIN unnest($1::text[], $2::text[]) AS k(kind, value) USING (kind, value) "
            "ORDER BY kind, value FOR UPDATE OF identifier",
            *_split(keys),
        )
    )


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
        f"SELECT o.strong_kind, o.strong_value, {_OF_I} "  # noqa: S608 - made of constants
        "FROM unnest($1::text[], $2::text[]) AS k(kind, value) "
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


async def move(connection: Connection, persons: Mapping[Key, str | None]) -> None:
    """Give each of these identifiers to the person named with it."""
    await connection.execute(
        "UPDATE lifecycle.identifier i SET person_id = m.person_id "
        "FROM unnest($1::text[], $2::text[], $3::uuid[]) AS m(kind, value, person_id) "
        "WHERE i.kind = m.kind AND i.value = m.value",
        *_split(persons),
        list(persons.values()),
    )


async def mark_shared(connection: Connection, shared: Mapping[Key, int]) -> None:
    """Note how much of each of these identifiers is shared."""
    await connection.execute(
        "UPDATE lifecycle.identifier i SET shared = m.shared "
        "FROM unnest($1::text[], $2::text[], $3::smallint[]) AS m(kind, value, shared) "
        "WHERE i.kind = m.kind AND i.value = m.value",
        *_split(shared),
        list(shared.values()),
    )


async def mark_crowded(connection: Connection, keys: Iterable[Key]) -> None:
    """Note that more browsers than one person has were linked to these identifiers."""
    await connection.execute(
        "UPDATE lifecycle.identifier i SET crowded = true FROM unnest($1::text[], $2::text[]) AS m(kind, value) "
        "WHERE i.kind = m.kind AND i.value = m.value",
        *_split(keys),
    )


async def save_runs(connection: Connection, changed: Mapping[str, tuple[Runs, bool, str | None]]) -> None:
    """Store of weak identifiers their runs, whether they are a kiosk's, and whose they are now."""
    await connection.execute(
        "UPDATE lifecycle.identifier i SET runs = c.runs, shared = c.shared, person_id = c.person_id "
        "FROM unnest($1::text[], $2::bytea[], $3::smallint[], $4::uuid[]) AS c(value, runs, shared, person_id) "
        "WHERE i.kind = 'anonymous_id' AND i.value = c.value",
        list(changed),
        [msgspec.json.encode(runs) if runs else None for runs, _, _ in changed.values()],
        [ALL if kiosk else 0 for _, kiosk, _ in changed.values()],
        [person_id for _, _, person_id in changed.values()],
    )


def _by_key(rows: Iterable[Any]) -> dict[Key, Identifier]:
    return {(row[0], row[1]): _identifier(row[2:]) for row in rows}


def _identifier(columns: Sequence[Any]) -> Identifier:
    person_id, first_at, first_id, last_at, runs, *rest = columns
    return Identifier(person_id, first_at, first_id, last_at, _RUNS.decode(runs) if runs else (), *rest)


def _split(keys: Iterable[Key]) -> tuple[list[str], list[str]]:
    pairs = list(keys)
    return [kind for kind, _ in pairs], [value for _, value in pairs]
