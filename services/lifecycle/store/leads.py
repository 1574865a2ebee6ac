"""One lead as people ask for it: where it stands, and why."""

import uuid
from typing import Any

from shared.db import Connection

_BY_ID = "SELECT coalesce(merged_into, person_id)::text FROM lifecycle.person WHERE person_id = $1"
_BY_IDENTIFIER = (
    "SELECT person_id::text FROM lifecycle.identifier WHERE (kind, value) IN (('email', lower($1)), ('user_id', $1)) "
    "ORDER BY kind LIMIT 1"
)


async def find(connection: Connection, lead: str) -> str | None:
    """The person of a person id (also of one merged since), an email or a user id; None when there is none."""
    try:
        person_id = uuid.UUID(lead)
    except ValueError:
        found: str | None = await connection.fetchval(_BY_IDENTIFIER, lead)
    else:
        found = await connection.fetchval(_BY_ID, person_id) or await connection.fetchval(_BY_IDENTIFIER, lead)
    return found


async def explain(connection: Connection, person_id: str) -> dict[str, Any]:
    """A person's state, identifiers, transitions (corrected ones too) with their rules, and sales' answers."""
    person = await connection.fetchrow("SELECT * FROM warehouse.dim_person WHERE person_id = $1", person_id)
    rule = await connection.fetchval("SELECT account_keys FROM lifecycle.person WHERE person_id = $1", person_id)
    identifiers = await connection.fetch(
        "SELECT kind, value, first_at AS first_seen_at, last_at AS last_seen_at FROM lifecycle.identifier "
        "WHERE person_id = $1 ORDER BY first_at, kind, value",
        person_id,
    )
    transitions = await connection.fetch(
        "SELECT transition_id, cycle, from_stage, to_stage, occurred_at, rule, reason, signal_id, config_version, "
        "recorded_at, superseded_at FROM warehouse.fct_stage_transition WHERE person_id = $1 "
        "ORDER BY occurred_at, recorded_at, cycle",
        person_id,
    )
    answers = await connection.fetch(
        "SELECT * FROM warehouse.fct_sales_response WHERE person_id = $1 ORDER BY cycle", person_id
    )
    return {
        **dict(person),
        "account_keys": rule,
        "identifiers": [dict(row) for row in identifiers],
        "transitions": [dict(row) for row in transitions],
        "answers": [dict(row) for row in answers],
    }
