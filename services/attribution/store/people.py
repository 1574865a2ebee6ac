"""People as lifecycle knows them now: the highest version of each, with the identifiers that are theirs and when."""

from collections.abc import Iterable
from datetime import datetime

from services.attribution.domain.deals.account import person_keys
from services.attribution.store.bounds import ALWAYS, FOREVER
from shared.accounts import company_domain, normalise_name
from shared.db import Connection
from shared.events.person import Person

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS incoming_person (LIKE attribution.person) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS incoming_span (LIKE attribution.identifier_span) ON COMMIT DELETE ROWS
"""
_UPSERT = """
INSERT INTO attribution.person AS known SELECT * FROM incoming_person
ON CONFLICT (person_id) DO UPDATE SET
    version = excluded.version, account_id = excluded.account_id, account_rule = excluded.account_rule,
    account_domain = excluded.account_domain, account_name = excluded.account_name,
    merged_into = excluded.merged_into, lead_created_at = excluded.lead_created_at,
    keys = ARRAY(SELECT DISTINCT key FROM unnest(known.keys || excluded.keys) AS key ORDER BY key)
WHERE excluded.version > known.version
RETURNING person_id::text
"""
_DROP_SPANS = """
DELETE FROM attribution.identifier_span AS span WHERE span.person_id = ANY($1::uuid[]) AND NOT EXISTS (
    SELECT FROM incoming_span AS now
    WHERE now.person_id = span.person_id AND now.identity = span.identity AND now.since = span.since
)
"""
_ADD_SPANS = """
INSERT INTO attribution.identifier_span AS span SELECT * FROM incoming_span WHERE person_id = ANY($1::uuid[])
ON CONFLICT (identity, person_id, since) DO UPDATE SET until = excluded.until WHERE span.until <> excluded.until
"""


async def store(connection: Connection, people: Iterable[Person]) -> list[str]:
    """Take in the newest version of each person; the ids of those that changed."""
    newest: dict[str, Person] = {}
    for person in people:
        if person.person_id not in newest or newest[person.person_id].version < person.version:
            newest[person.person_id] = person
    await connection.execute(_STAGE)
    ordered = sorted(newest)
    await connection.copy_records_to_table("incoming_person", records=[_row(newest[key]) for key in ordered])
    await connection.copy_records_to_table("incoming_span", records=_spans(newest.values()))
    changed = [row["person_id"] for row in await connection.fetch(_UPSERT)]
    if changed:
        await connection.execute(_DROP_SPANS, changed)
        await connection.execute(_ADD_SPANS, changed)
    return changed


def _row(person: Person) -> tuple[object, ...]:
    account = person.account
    return (
        person.person_id,
        person.version,
        account and account.account_id,
        account and account.rule,
        account and company_domain(account.domain),
        account and normalise_name(account.name),
        person.merged_into,
        person.lead_created_at,
        sorted(person_keys(person)),
    )


def _spans(people: Iterable[Person]) -> list[tuple[str, str, datetime, datetime]]:
    spans = {
        (f"{span.kind}:{span.value}", person.person_id, span.since or ALWAYS): span.until or FOREVER
        for person in people
        for span in person.identifiers
    }
    return [(*key, until) for key, until in spans.items()]
