"""Persons: their row, their transitions, sales' answers, whose turn it was."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.stages.state import Transition
from shared.db import Connection

Pass = tuple[str, int]
"""(person id, cycle)"""


class Row(NamedTuple):
    """A person as stored. `state` is the fold so far, `digest` that of the last people event."""

    person_id: str
    version: int
    merged_into: str | None
    email: str | None
    account_keys: list[str] | None
    account_id: str | None
    stage: str | None
    stage_since: datetime | None
    score: int
    cycle: int
    owner: str | None
    first_seen_at: datetime | None
    state: bytes | None
    digest: bytes


_COLUMNS = (
    "person_id::text, version, merged_into::text, email, account_keys, account_id, stage, stage_since, score, cycle, "
    "owner, first_seen_at, state, digest"
)
_UPDATE = """
UPDATE lifecycle.person p SET version = n.version, merged_into = n.merged_into, email = n.email,
  account_keys = (SELECT array_agg(k) FROM jsonb_array_elements_text(n.account_keys::jsonb) AS k),
  account_id = n.account_id, stage = n.stage, stage_since = n.stage_since, score = n.score,
  cycle = n.cycle, owner = n.owner, first_seen_at = n.first_seen_at, state = n.state, digest = n.digest
FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
  $9::int[], $10::int[], $11::text[], $12::timestamptz[], $13::bytea[], $14::bytea[])
  AS n(person_id, version, merged_into, email, account_keys, account_id, stage, stage_since, score, cycle, owner,
  first_seen_at, state, digest)
WHERE p.person_id = n.person_id
"""


async def lock(connection: Connection, person_ids: Iterable[str]) -> dict[str, Row]:
    """The rows of these persons, locked; a person not stored yet is left out."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM lifecycle.person WHERE person_id = ANY($1::uuid[]) "  # noqa: S608 - constants
        "ORDER BY person_id FOR UPDATE",
        list(person_ids),
    )
    return {row[0]: Row(*row) for row in rows}


async def read(connection: Connection, person_ids: Iterable[str]) -> dict[str, Row]:
    """The rows of these persons, not locked: for those who only ask."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM lifecycle.person WHERE person_id = ANY($1::uuid[])",  # noqa: S608 - constants
        list(person_ids),
    )
    return {row[0]: Row(*row) for row in rows}


async def merged_into(connection: Connection, person_ids: Iterable[str]) -> dict[str, Row]:
    """The persons that were merged into these before, locked."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM lifecycle.person WHERE merged_into = ANY($1::uuid[]) "  # noqa: S608 - constants
        "ORDER BY person_id FOR UPDATE",
        list(person_ids),
    )
    return {row[0]: Row(*row) for row in rows}


async def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Store new persons."""
    await connection.copy_records_to_table("person", schema_name="lifecycle", columns=Row._fields, records=rows)


Visitor = tuple[str, str | None, datetime | None, datetime]
"""(person id, stage, stage since, first seen)"""


async def add_visitors(connection: Connection, rows: Iterable[Visitor]) -> None:
    """Store new persons of whom nothing is known yet."""
    await connection.copy_records_to_table(
        "person",
        schema_name="lifecycle",
        columns=("person_id", "stage", "stage_since", "first_seen_at"),
        records=rows,
    )


async def update(connection: Connection, rows: Sequence[Row]) -> None:
    """Store what became of persons that are stored already."""
    # An array of arrays cannot be taken apart row by row, so the keys of each travel as JSON.
    flat = [(*row[:4], row.account_keys and json.dumps(row.account_keys), *row[5:]) for row in rows]
    await connection.execute(_UPDATE, *map(list, zip(*flat, strict=True)))


async def of_accounts(connection: Connection, keys: Iterable[str]) -> list[str]:
    """The persons who belong, or belonged, to an account by one of these keys."""
    rows = await connection.fetch(
        "SELECT person_id::text FROM lifecycle.person WHERE account_keys && $1::text[] AND account_keys IS NOT NULL",
        list(keys),
    )
    return [row[0] for row in rows]


async def transitions(connection: Connection, person_ids: Iterable[str]) -> list[tuple[str, str, Transition, str]]:
    """The transitions in force, as (transition id, person id, transition, config version)."""
    rows = await connection.fetch(
        "SELECT transition_id::text, person_id::text, config_version, cycle, from_stage, to_stage, occurred_at, rule, "
        "reason, signal_id FROM warehouse.fct_stage_transition "
        "WHERE person_id = ANY($1::uuid[]) AND superseded_at IS NULL",
        list(person_ids),
    )
    return [(row[0], row[1], Transition(*row[3:]), row[2]) for row in rows]


async def add_transitions(
    connection: Connection, rows: Iterable[tuple[str, str, Transition]], config_version: str, now: datetime
) -> None:
    """Store transitions, as (transition id, person id, transition)."""
    await connection.copy_records_to_table(
        "fct_stage_transition",
        schema_name="warehouse",
        columns=(
            "transition_id", "person_id", "cycle", "from_stage", "to_stage", "occurred_at", "rule", "reason",
            "signal_id", "config_version", "recorded_at",
        ),
        records=[(id_, person_id, *transition, config_version, now) for id_, person_id, transition in rows],
    )  # fmt: skip


async def supersede(connection: Connection, transition_ids: Sequence[str], now: datetime) -> None:
    """These transitions never happened, as is known now."""
    await connection.execute(
        "UPDATE warehouse.fct_stage_transition SET superseded_at = $2 WHERE transition_id = ANY($1::uuid[])",
        transition_ids,
        now,
    )


async def assignments(connection: Connection, person_ids: Iterable[str]) -> dict[Pass, str]:
    """Whose turn each pass of these persons was."""
    rows = await connection.fetch(
        "SELECT person_id::text, cycle, owner FROM lifecycle.assignment WHERE person_id = ANY($1::uuid[])",
        list(person_ids),
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def take_turns(connection: Connection, turns: int) -> int:
    """Take so many turns of the rotation; the number of the first."""
    first: int = await connection.fetchval(
        "UPDATE lifecycle.rotation SET turn = turn + $1 WHERE name = 'owners' RETURNING turn - $1", turns
    )
    return first


async def assign(connection: Connection, owners: Mapping[Pass, str]) -> None:
    """Store whose turn it was."""
    await connection.execute(
        "INSERT INTO lifecycle.assignment SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[]) "
        "ON CONFLICT DO NOTHING",
        [person_id for person_id, _ in owners],
        [cycle for _, cycle in owners],
        list(owners.values()),
    )
