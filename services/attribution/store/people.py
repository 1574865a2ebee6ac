"""People as lifecycle knows them now: the highest version of each, their identifiers and companies, and when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from services.attribution.domain.deals.account import person_keys
from services.attribution.domain.deals.membership import email_domains, memberships
from services.attribution.store.bounds import ALWAYS, FOREVER
from shared.accounts import company_domain, normalise_name
from shared.db import Connection
from shared.events.person import Person

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS incoming_person (LIKE attribution.person) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS incoming_span (LIKE attribution.identifier_span) ON COMMIT DELETE ROWS
"""
_PERSON = ("person_id", "version", "account_id", "merged_into", "lead_created_at", "lead_created_by", "keys")
_UPSERT = f"""
INSERT INTO attribution.person AS known ({", ".join(_PERSON)}) SELECT {", ".join(_PERSON)} FROM incoming_person
ON CONFLICT (person_id) DO UPDATE SET
    version = excluded.version, account_id = excluded.account_id, merged_into = excluded.merged_into,
    lead_created_at = excluded.lead_created_at, lead_created_by = excluded.lead_created_by,
    keys = ARRAY(SELECT DISTINCT key FROM unnest(known.keys || excluded.keys) AS key ORDER BY key)
WHERE excluded.version > known.version
RETURNING person_id::text
"""  # noqa: S608 - the names are ours
_DROP_SPANS = """
DELETE FROM attribution.identifier_span AS span WHERE span.person_id = ANY($1::uuid[]) AND NOT EXISTS (
    SELECT FROM incoming_span AS now
    WHERE now.person_id = span.person_id AND now.identity = span.identity AND now.since = span.since
)
RETURNING identity
"""
_ADD_SPANS = """
INSERT INTO attribution.identifier_span AS span SELECT * FROM incoming_span WHERE person_id = ANY($1::uuid[])
ON CONFLICT (identity, person_id, since) DO UPDATE SET until = excluded.until, held_until = excluded.until
WHERE span.until <> excluded.until
RETURNING identity
"""
_SET_MEMBERSHIPS = """
WITH now AS (
    SELECT * FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
        AS given (person_id, since, until, account_id, domain, name)
), gone AS (
    DELETE FROM attribution.membership AS had
    WHERE had.person_id = ANY($1::uuid[]) AND NOT EXISTS (
        SELECT FROM now WHERE now.person_id = had.person_id AND now.since = had.since
    )
)
INSERT INTO attribution.membership AS had (person_id, since, until, account_id, domain, name) SELECT * FROM now
ON CONFLICT (person_id, since) DO UPDATE SET until = excluded.until, account_id = excluded.account_id,
    domain = excluded.domain, name = excluded.name
WHERE (had.until, had.account_id, had.domain, had.name)
    IS DISTINCT FROM (excluded.until, excluded.account_id, excluded.domain, excluded.name)
"""
_SET_EMAIL_DOMAINS = """
WITH now AS (SELECT * FROM unnest($2::uuid[], $3::text[]) AS given (person_id, domain)), gone AS (
    DELETE FROM attribution.email_domain AS had WHERE had.person_id = ANY($1::uuid[])
        AND NOT EXISTS (SELECT FROM now WHERE now.person_id = had.person_id AND now.domain = had.domain)
)
INSERT INTO attribution.email_domain (person_id, domain) SELECT * FROM now ON CONFLICT DO NOTHING
"""


class Changed(NamedTuple):
    """People of whom a newer version came, and the identities that one of them has won or lost."""

    people: list[str]
    identities: list[str]


async def store(connection: Connection, people: Iterable[Person]) -> Changed:
    """Take in the newest version of each person. What they claim is to be settled then: see `spans`."""
    newest: dict[str, Person] = {}
    for person in people:
        if person.person_id not in newest or newest[person.person_id].version < person.version:
            newest[person.person_id] = person
    if not newest:
        return Changed([], [])
    await connection.execute(_STAGE)
    rows = [_row(newest[key]) for key in sorted(newest)]
    await connection.copy_records_to_table("incoming_person", columns=_PERSON, records=rows)
    await connection.copy_records_to_table("incoming_span", records=_spans(newest.values()))
    changed = [row["person_id"] for row in await connection.fetch(_UPSERT)]
    if not changed:
        return Changed([], [])
    dropped = await connection.fetch(_DROP_SPANS, changed)
    added = await connection.fetch(_ADD_SPANS, changed)
    await _store_companies(connection, [newest[key] for key in changed])
    return Changed(changed, sorted({row["identity"] for row in (*dropped, *added)}))


async def _store_companies(connection: Connection, people: Sequence[Person]) -> None:
    ids = [person.person_id for person in people]
    belonged = _memberships(people)
    await connection.execute(_SET_MEMBERSHIPS, ids, *([row[n] for row in belonged] for n in range(6)))
    domains = [(person.person_id, domain) for person in people for domain in sorted(email_domains(person))]
    await connection.execute(_SET_EMAIL_DOMAINS, ids, [key for key, _ in domains], [domain for _, domain in domains])


def _row(person: Person) -> tuple[object, ...]:
    return (
        person.person_id,
        person.version,
        person.account.account_id if person.account else None,
        person.merged_into,
        person.lead_created_at,
        person.lead_created_by,
        sorted(person_keys(person)),
    )


def _spans(people: Iterable[Person]) -> list[tuple[str, str, datetime, datetime, datetime]]:
    spans = {
        (f"{span.kind}:{span.value}", person.person_id, span.since or ALWAYS): span.until or FOREVER
        for person in people
        for span in person.identifiers
    }
    return [(*key, until, until) for key, until in spans.items()]


def _memberships(people: Iterable[Person]) -> list[tuple[str, datetime, datetime, str, str | None, str | None]]:
    """One row per person and beginning."""
    rows = {}
    for person in people:
        for one in memberships(person):
            since, until = one.since or ALWAYS, one.until or FOREVER
            company = one.account_id, company_domain(one.domain), normalise_name(one.name)
            rows[person.person_id, since] = (person.person_id, since, until, *company)
    return list(rows.values())
