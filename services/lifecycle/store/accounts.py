"""Claims on accounts, account objects, and what every account key stands for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.lifecycle.domain.accounts.book import Object
from services.lifecycle.domain.accounts.claims import Claim, Named, Resolved
from services.lifecycle.domain.identity.links import Key
from shared.db import Connection

ClaimRow = tuple[Key, str, str, bool, str, datetime, str]
"""(subject, rule, ref, trusted, key, at, event id)"""

ObjectRow = tuple[Named, int, str, str, datetime, str]
"""(named, rank, ref, name, at, event id); `ref` is the deal that says so, empty for a touchpoint."""

_ADD_CLAIMS = """
INSERT INTO lifecycle.claim AS c (subject_kind, subject_value, rule, ref, trusted, key, at, event_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::timestamptz[],
  $8::text[])
ON CONFLICT (subject_kind, subject_value, rule, ref, trusted) DO UPDATE SET at = excluded.at,
  event_id = excluded.event_id
WHERE (excluded.at, excluded.event_id COLLATE "C") < (c.at, c.event_id COLLATE "C")
RETURNING subject_kind, subject_value
"""


async def add_claims(connection: Connection, claims: Iterable[ClaimRow]) -> list[Key]:
    """Keep each claim with its first appearance; the subjects of those that are new or got earlier."""
    rows = sorted((*subject, *rest) for subject, *rest in claims)
    changed = await connection.fetch(_ADD_CLAIMS, *map(list, zip(*rows, strict=True)))
    return [(kind, value) for kind, value in changed]


async def claims_of(connection: Connection, subjects: Sequence[Key]) -> list[tuple[Key, Claim]]:
    """The claims made of these identifiers."""
    rows = await connection.fetch(
        "SELECT subject_kind, subject_value, rule, key, at, event_id, trusted FROM lifecycle.claim "
        "JOIN unnest($1::text[], $2::text[]) AS s(subject_kind, subject_value) USING (subject_kind, subject_value)",
        [kind for kind, _ in subjects],
        [value for _, value in subjects],
    )
    return [((r[0], r[1]), Claim(*r[2:])) for r in rows]


async def replace_deal_claims(connection: Connection, refs: Sequence[str], claims: Iterable[ClaimRow]) -> list[Key]:
    """Let these be what these deals claim; the subjects for whom anything is other than before."""
    wanted = set(claims)
    stored = {
        ((row[0], row[1]), *row[2:])
        for row in await connection.fetch(
            "SELECT subject_kind, subject_value, rule, ref, trusted, key, at, event_id FROM lifecycle.claim "
            "WHERE rule = 'deal' AND ref = ANY($1::text[])",
            refs,
        )
    }
    gone, new = sorted(stored - wanted), wanted - stored
    if gone:
        await connection.execute(
            "DELETE FROM lifecycle.claim c USING unnest($1::text[], $2::text[], $3::text[]) AS g(kind, value, ref) "
            "WHERE c.subject_kind = g.kind AND c.subject_value = g.value AND c.rule = 'deal' AND c.ref = g.ref",
            *map(list, zip(*[(*row[0], row[2]) for row in gone], strict=True)),
        )
    if new:
        await add_claims(connection, new)
    return [row[0] for row in (*gone, *new)]


async def ensure(connection: Connection, unresolved: Mapping[str, Resolved]) -> None:
    """Make sure that every key has a row."""
    rows = [unresolved[key] for key in sorted(unresolved)]
    await connection.execute(
        "INSERT INTO lifecycle.account_alias (key, account_id, domain, name, joined_by) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) "
        "ON CONFLICT DO NOTHING",
        *map(list, zip(*rows, strict=True)),
    )


async def lock_with_kin(connection: Connection, keys: Iterable[str]) -> dict[str, Resolved]:
    """The rows of these keys and of all that stand for the same accounts, locked."""
    wanted, locked = list(keys), dict[str, Resolved]()
    while True:
        rows = await connection.fetch(
            "SELECT key, account_id, domain, name, joined_by FROM lifecycle.account_alias WHERE key = ANY($1::text[]) "
            "OR account_id IN (SELECT account_id FROM lifecycle.account_alias WHERE key = ANY($1::text[])) "
            "ORDER BY key FOR UPDATE",
            wanted,
        )
        found = {row[0]: Resolved(*row) for row in rows}
        if found.keys() <= locked.keys():
            return found
        locked = found  # waiting for a lock, another process may have made more of them kin: look again


async def add_objects(connection: Connection, objects: Iterable[ObjectRow]) -> bool:
    """Keep each account object with its first appearance; whether any is new or got earlier."""
    rows = sorted((*named, *rest) for named, *rest in objects)
    changed = await connection.fetch(
        "INSERT INTO lifecycle.account_object AS o (account_id, domain, name_key, rank, ref, name, at, event_id) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[], "
        "$7::timestamptz[], $8::text[]) "
        "ON CONFLICT (account_id, domain, name_key, rank, ref) DO UPDATE SET name = excluded.name, at = excluded.at, "
        'event_id = excluded.event_id WHERE (excluded.at, excluded.event_id COLLATE "C", excluded.name COLLATE "C") '
        '< (o.at, o.event_id COLLATE "C", o.name COLLATE "C") RETURNING 1',
        *map(list, zip(*rows, strict=True)),
    )
    return bool(changed)


async def objects_of_deals(connection: Connection, refs: Sequence[str]) -> set[ObjectRow]:
    """What these deals said about accounts until now."""
    rows = await connection.fetch(
        "SELECT account_id, domain, name_key, rank, ref, name, at, event_id FROM lifecycle.account_object "
        "WHERE ref <> '' AND ref = ANY($1::text[])",
        refs,
    )
    return {(Named(*row[:3]), *row[3:]) for row in rows}


async def domains_of(connection: Connection, account_ids: Iterable[str], worth: int) -> set[str]:
    """The keys of the domains that account objects of at least this rank named together with these ids."""
    rows = await connection.fetch(
        "SELECT DISTINCT domain FROM lifecycle.account_object "
        "WHERE account_id = ANY($1::text[]) AND domain <> '' AND rank >= $2",
        list(account_ids),
        worth,
    )
    return {f"domain:{row[0]}" for row in rows}


async def remove_objects(connection: Connection, objects: Iterable[ObjectRow]) -> None:
    """Take back what older versions of deals said about accounts."""
    await connection.execute(
        "DELETE FROM lifecycle.account_object o USING unnest($1::text[], $2::text[], $3::text[], $4::smallint[], "
        "$5::text[]) AS g(account_id, domain, name_key, rank, ref) WHERE (o.account_id, o.domain, o.name_key, o.rank, "
        "o.ref) = (g.account_id, g.domain, g.name_key, g.rank, g.ref)",
        *map(list, zip(*[(*row[0], row[1], row[2]) for row in objects], strict=True)),
    )


_OBJECTS = """
WITH about AS (
  SELECT DISTINCT ON (account_id, domain, name_key, rank) account_id, domain, name_key, rank, at, event_id, name
  FROM lifecycle.account_object
  WHERE account_id = ANY($1::text[]) OR (domain <> '' AND domain = ANY($2::text[]))
    OR (name_key <> '' AND name_key = ANY($3::text[]))
  ORDER BY account_id, domain, name_key, rank, at, event_id COLLATE "C", name COLLATE "C"),
judged AS (
  SELECT *, account_id <> '' AND domain <> '' AND (
    (rank = 0 AND EXISTS (SELECT FROM lifecycle.account_object b WHERE b.rank > 0 AND b.account_id = o.account_id))
    OR (rank = 1 AND EXISTS (SELECT FROM lifecycle.account_object b WHERE b.rank > 0 AND b.account_id = o.account_id
      AND b.domain <> '' AND b.domain <> o.domain AND (b.rank = 2
        OR (b.at, b.event_id COLLATE "C") < (o.at, o.event_id COLLATE "C"))))
  ) AS id_overruled,
  domain <> '' AND rank = 0 AND EXISTS (
    SELECT FROM lifecycle.account_object b WHERE b.rank > 0 AND b.domain = o.domain) AS domain_overruled
  FROM about o)
SELECT account_id, domain, name_key, at, event_id, name, rank, NOT (id_overruled OR domain_overruled), NOT id_overruled
FROM judged
"""


async def objects_about(connection: Connection, keys: Iterable[str]) -> list[Object]:
    """The account objects that name one of these keys, each judged against better evidence."""
    wanted = list(keys)
    rows = await connection.fetch(
        _OBJECTS,
        wanted,
        [key.removeprefix("domain:") for key in wanted if key.startswith("domain:")],
        [key.removeprefix("name:") for key in wanted if key.startswith("name:")],
    )
    return [Object(Named(*row[:3]), row[3], row[4], row[5] or None, *row[6:]) for row in rows]


async def save(connection: Connection, resolved: Sequence[Resolved]) -> None:
    """Store what keys stand for."""
    await connection.execute(
        "UPDATE lifecycle.account_alias a SET account_id = r.account_id, domain = r.domain, name = r.name, "
        "joined_by = r.joined_by FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) "
        "AS r(key, account_id, domain, name, joined_by) "
        "WHERE a.key = r.key",
        *map(list, zip(*resolved, strict=True)),
    )


async def resolved(connection: Connection, keys: Iterable[str]) -> dict[str, Resolved]:
    """What keys stand for."""
    rows = await connection.fetch(
        "SELECT key, account_id, domain, name, joined_by FROM lifecycle.account_alias WHERE key = ANY($1::text[])",
        list(keys),
    )
    return {row[0]: Resolved(*row) for row in rows}


async def held(connection: Connection, keys: Iterable[str]) -> dict[str, Resolved]:
    """What keys stand for; nobody changes it, or looks for the persons of the account, before this transaction ends."""
    rows = await connection.fetch(
        "SELECT key, account_id, domain, name, joined_by FROM lifecycle.account_alias WHERE key = ANY($1::text[]) "
        "ORDER BY key FOR SHARE",
        list(keys),
    )
    return {row[0]: Resolved(*row) for row in rows}
