"""Signals and the deals some of them come from."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.lifecycle.domain.identity.links import Key
from services.lifecycle.domain.stages.fold import Signal
from shared.db import Connection

Stored = tuple[Key, Signal]
"""A signal with its subject: an identifier, or an account key."""


async def add(connection: Connection, signals: Iterable[Stored]) -> list[Stored]:
    """Keep signals; those that were not there yet."""
    rows = sorted(
        ((*subject, s.at, s.id, s.kind, s.reason, s.owner, s.deal_id) for subject, s in signals), key=lambda r: r[:4]
    )
    added = await connection.fetch(
        "INSERT INTO lifecycle.signal SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], "
        "$5::text[], $6::text[], $7::text[], $8::text[]) ON CONFLICT DO NOTHING "
        "RETURNING subject_kind, subject_value, occurred_at, signal_id, kind, reason, owner, deal_id",
        *map(list, zip(*rows, strict=True)),
    )
    return [((row[0], row[1]), Signal(*row[2:])) for row in added]


async def of_subjects(connection: Connection, subjects: Sequence[Key]) -> list[Stored]:
    """All signals of these identifiers."""
    rows = await connection.fetch(
        "SELECT subject_kind, subject_value, occurred_at, signal_id, kind, reason, owner, deal_id "
        "FROM lifecycle.signal JOIN unnest($1::text[], $2::text[]) AS s(subject_kind, subject_value) "
        "USING (subject_kind, subject_value)",
        [kind for kind, _ in subjects],
        [value for _, value in subjects],
    )
    return [((row[0], row[1]), Signal(*row[2:])) for row in rows]


async def of_accounts(connection: Connection, account_ids: Sequence[str]) -> list[tuple[str, Signal]]:
    """The signals of whole accounts (deals without contacts), under every key that stands for them."""
    rows = await connection.fetch(
        "SELECT a.account_id, s.occurred_at, s.signal_id, s.kind, s.reason, s.owner, s.deal_id "
        "FROM lifecycle.account_alias a JOIN lifecycle.signal s ON s.subject_kind = 'account' "
        "AND s.subject_value = a.key WHERE a.account_id = ANY($1::text[])",
        account_ids,
    )
    return [(row[0], Signal(*row[1:])) for row in rows]


async def newer_deals(connection: Connection, deals: Iterable[tuple[str, datetime, bytes]]) -> set[str]:
    """Keep the latest version of each deal; the ids of those for which this one is the latest so far."""
    rows = await connection.fetch(
        "INSERT INTO lifecycle.deal AS d SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bytea[]) "
        "ON CONFLICT (deal_id) DO UPDATE SET updated_at = excluded.updated_at, digest = excluded.digest "
        "WHERE (excluded.updated_at, excluded.digest) > (d.updated_at, d.digest) RETURNING deal_id",
        *map(list, zip(*sorted(deals), strict=True)),
    )
    return {row[0] for row in rows}


async def remove_deals(connection: Connection, deal_ids: Sequence[str]) -> list[Key]:
    """Take back the signals of older versions of deals; whose signals went."""
    rows = await connection.fetch(
        "DELETE FROM lifecycle.signal WHERE deal_id = ANY($1::text[]) RETURNING subject_kind, subject_value", deal_ids
    )
    return [(kind, value) for kind, value in rows]
