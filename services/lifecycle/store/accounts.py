"""Claims on accounts, account objects, and what every account key stands for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.lifecycle.domain.accounts.claims import Claim, Named, Object, Resolved
from services.lifecycle.domain.identity.links import Key
from shared.db import Connection

ClaimRow = tuple[Key, str, str, str, datetime, str]
"""(subject, rule, ref, key, at, event id)"""


async def add_claims(connection: Connection, claims: Iterable[ClaimRow]) -> list[Key]:
    """Keep each claim with its first appearance; the subjects of those that are new or got earlier."""
    rows = sorted((*subject, rule, ref, key, at, event_id) for subject, rule, ref, key, at, event_id in claims)
    changed = await connection.fetch(
        "INSERT INTO lifecycle.claim AS c SELECT * FROM "
        "unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[]) "
        "ON CONFLICT (subject_kind, subject_value, rule, ref) DO UPDATE SET at = excluded.at, "
        'event_id = excluded.event_id WHERE (excluded.at, excluded.event_id COLLATE "C") '
        '< (c.at, c.event_id COLLATE "C") RETURNING subject_kind, subject_value',
        *map(list, zip(*rows, strict=True)),
    )
    return [(kind, value) for kind, value in changed]


async def claims_of(connection: Connection, subjects: Sequence[Key]) -> list[tuple[Key, Claim]]:
    """The claims made of these identifiers."""
    rows = await connection.fetch(
        "SELECT subject_kind, subject_value, rule, key, at, event_id FROM lifecycle.claim "
        "JOIN unnest($1::text[], $2::text[]) AS s(subject_kind, subject_value) USING (subject_kind, subject_value)",
        [kind for kind, _ in subjects],
        [value for _, value in subjects],
    )
    return [((r[0], r[1]), Claim(*r[2:])) for r in rows]


async def remove_deal_claims(connection: Connection, refs: Sequence[str]) -> list[Key]:
    """Take back what older versions of deals claimed; whose claims went."""
    rows = await connection.fetch(
        "DELETE FROM lifecycle.claim WHERE rule = 'deal' AND ref = ANY($1::text[]) "
        "RETURNING subject_kind, subject_value",
        refs,
    )
    return [(kind, value) for kind, value in rows]


async def ensure(connection: Connection, unresolved: Mapping[str, Resolved]) -> None:
    """Make sure that every key has a row."""
    rows = [unresolved[key] for key in sorted(unresolved)]
    await connection.execute(
        "INSERT INTO lifecycle.account_alias SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) "
        "ON CONFLICT DO NOTHING",
        *map(list, zip(*rows, strict=True)),
    )


async def lock_with_kin(connection: Connection, keys: Iterable[str]) -> dict[str, Resolved]:
    """The rows of these keys and of all that stand for the same accounts, locked."""
    wanted, locked = list(keys), dict[str, Resolved]()
    while True:
        rows = await connection.fetch(
            "SELECT key, account_id, domain, name FROM lifecycle.account_alias WHERE key = ANY($1::text[]) "
            "OR account_id IN (SELECT account_id FROM lifecycle.account_alias WHERE key = ANY($1::text[])) "
            "ORDER BY key FOR UPDATE",
            wanted,
        )
        found = {row[0]: Resolved(*row) for row in rows}
        if found.keys() <= locked.keys():
            return found
        locked = found  # waiting for a lock, another process may have made more of them kin: look again


async def add_objects(connection: Connection, objects: Mapping[Named, tuple[datetime, str, str | None]]) -> list[Named]:
    """Keep each account object with its first appearance; those that are new or got earlier."""
    rows = [(*named, name, at, event_id) for named, (at, event_id, name) in sorted(objects.items())]
    changed = await connection.fetch(
        "INSERT INTO lifecycle.account_object AS o "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[]) "
        "ON CONFLICT (account_id, domain, name_key) DO UPDATE SET name = excluded.name, at = excluded.at, "
        'event_id = excluded.event_id WHERE (excluded.at, excluded.event_id COLLATE "C") '
        '< (o.at, o.event_id COLLATE "C") RETURNING account_id, domain, name_key',
        *map(list, zip(*rows, strict=True)),
    )
    return [Named(*row) for row in changed]


async def objects_about(connection: Connection, keys: Iterable[str]) -> list[Object]:
    """The account objects that name one of these keys."""
    wanted = list(keys)
    rows = await connection.fetch(
        "SELECT account_id, domain, name_key, at, event_id, name FROM lifecycle.account_object "
        "WHERE account_id = ANY($1::text[]) OR (domain <> '' AND domain = ANY($2::text[])) "
        "OR (name_key <> '' AND name_key = ANY($3::text[]))",
        wanted,
        [key.removeprefix("domain:") for key in wanted if key.startswith("domain:")],
        [key.removeprefix("name:") for key in wanted if key.startswith("name:")],
    )
    return [Object(Named(*row[:3]), *row[3:]) for row in rows]


async def save(connection: Connection, resolved: Sequence[Resolved]) -> None:
    """Store what keys stand for."""
    await connection.execute(
        "UPDATE lifecycle.account_alias a SET account_id = r.account_id, domain = r.domain, name = r.name "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS r(key, account_id, domain, name) "
        "WHERE a.key = r.key",
        *map(list, zip(*resolved, strict=True)),
    )


async def resolved(connection: Connection, keys: Iterable[str]) -> dict[str, Resolved]:
    """What keys stand for."""
    rows = await connection.fetch(
        "SELECT key, account_id, domain, name FROM lifecycle.account_alias WHERE key = ANY($1::text[])", list(keys)
    )
    return {row[0]: Resolved(*row) for row in rows}


async def held(connection: Connection, keys: Iterable[str]) -> dict[str, Resolved]:
    """What keys stand for; nobody changes it, or looks for the persons of the account, before this transaction ends."""
    rows = await connection.fetch(
        "SELECT key, account_id, domain, name FROM lifecycle.account_alias WHERE key = ANY($1::text[]) "
        "ORDER BY key FOR SHARE",
        list(keys),
    )
    return {row[0]: Resolved(*row) for row in rows}
