"""Signals and the deals some of them come from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.lifecycle.domain.collect import Act, Receipt
from services.lifecycle.domain.identity.links import Key
from services.lifecycle.domain.stages.state import Signal
from shared.db import Connection

Stored = tuple[Key, Signal]
"""A signal with its subject: an identifier, or an account key."""

_ADD = (
    "INSERT INTO lifecycle.signal (received_at, position, subject_kind, subject_value, occurred_at, signal_id, kind, "
    "reason, owner, actor, source) SELECT * FROM unnest($1::timestamptz[], $2::int[], $3::text[], $4::text[], "
    "$5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[]) "
    "ON CONFLICT (signal_id) DO "
)
_REPLACE = (
    "UPDATE SET received_at = excluded.received_at, position = excluded.position, "
    "subject_kind = excluded.subject_kind, subject_value = excluded.subject_value, "
    "occurred_at = excluded.occurred_at, kind = excluded.kind, reason = excluded.reason, owner = excluded.owner, "
    "actor = excluded.actor, source = excluded.source"
)


async def add(connection: Connection, acts: Mapping[str, Act]) -> tuple[list[Act], list[Act]]:
    """Keep acts by their id: those that are new; and those whose earlier receipt came now, as they were and are."""
    inserted = await connection.fetch(f"{_ADD} NOTHING RETURNING signal_id", *_columns(acts.values()))
    new = {row[0] for row in inserted}
    repeated = acts.keys() - new
    replaced: list[Act] = []
    if repeated:
        for was in await _held(connection, repeated):
            if (now := acts[was.signal.id]).order < was.order:
                replaced += [was, now]
        if replaced:
            await connection.execute(_ADD + _REPLACE, *_columns(replaced[1::2]))
    return [acts[id_] for id_ in sorted(new)], replaced


def _columns(acts: Iterable[Act]) -> list[list[Any]]:
    rows = sorted(
        (
            (*receipt, *subject, s.at, s.id, s.kind, s.reason, s.owner, s.actor, s.source)
            for receipt, subject, s in acts
        ),
        key=lambda row: row[5],
    )
    return [list(column) for column in zip(*rows, strict=True)]


async def _held(connection: Connection, ids: Iterable[str]) -> list[Act]:
    """The stored acts of these ids; no other transaction replaces them before this one ends."""
    rows = await connection.fetch(
        "SELECT received_at, position, subject_kind, subject_value, occurred_at, signal_id, kind, reason, owner, "
        "NULL, actor, source "
        "FROM lifecycle.signal WHERE signal_id = ANY($1::text[]) ORDER BY signal_id FOR UPDATE",
        list(ids),
    )
    return [Act(Receipt(row[0], row[1]), (row[2], row[3]), Signal(*row[4:])) for row in rows]


async def of_subjects(connection: Connection, subjects: Sequence[Key]) -> list[Stored]:
    """All signals of these identifiers: what they did, and the deals that name them."""
    rows = await connection.fetch(
        "WITH s AS (SELECT * FROM unnest($1::text[], $2::text[]) AS s(subject_kind, subject_value)) "
        "SELECT subject_kind, subject_value, occurred_at, signal_id, kind, reason, owner, NULL, actor, source "
        "FROM lifecycle.signal JOIN s USING (subject_kind, subject_value) UNION ALL "
        "SELECT subject_kind, subject_value, occurred_at, signal_id, kind, NULL, NULL, deal_id, NULL, NULL "
        "FROM lifecycle.deal_signal JOIN s USING (subject_kind, subject_value)",
        [kind for kind, _ in subjects],
        [value for _, value in subjects],
    )
    return [((row[0], row[1]), Signal(*row[2:])) for row in rows]


async def of_accounts(connection: Connection, account_ids: Sequence[str]) -> list[tuple[str, Signal]]:
    """The signals of whole accounts (deals without contacts), under every key that stands for them."""
    rows = await connection.fetch(
        "SELECT a.account_id, s.occurred_at, s.signal_id, s.kind, NULL, NULL, s.deal_id, NULL, NULL "
        "FROM lifecycle.account_alias a JOIN lifecycle.deal_signal s ON s.subject_kind = 'account' "
        "AND s.subject_value = a.key WHERE a.account_id = ANY($1::text[])",
        account_ids,
    )
    return [(row[0], Signal(*row[1:])) for row in rows]


async def newer_deals(connection: Connection, deals: Iterable[tuple[str, datetime, datetime, int, bytes]]) -> set[str]:
    """Keep the latest version of each deal, (id, updated, received, position, digest); the ids of which this is it."""
    rows = await connection.fetch(
        "INSERT INTO lifecycle.deal AS d (deal_id, updated_at, received_at, position, digest) "
        "SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::int[], $5::bytea[]) "
        "ON CONFLICT (deal_id) DO UPDATE SET updated_at = excluded.updated_at, received_at = excluded.received_at, "
        "position = excluded.position, digest = excluded.digest "
        "WHERE (excluded.updated_at, excluded.received_at, excluded.position, excluded.digest) "
        "> (d.updated_at, d.received_at, d.position, d.digest) RETURNING deal_id",
        *map(list, zip(*sorted(deals), strict=True)),
    )
    return {row[0] for row in rows}


async def replace_deals(connection: Connection, deal_ids: Sequence[str], signals: Iterable[Stored]) -> list[Key]:
    """Let these be the signals of these deals; the subjects for whom anything is other than before."""
    wanted = {(s.deal_id, *subject, s.at, s.id, s.kind) for subject, s in signals}
    stored = {
        tuple(row)
        for row in await connection.fetch(
            "SELECT deal_id, subject_kind, subject_value, occurred_at, signal_id, kind "
            "FROM lifecycle.deal_signal WHERE deal_id = ANY($1::text[])",
            deal_ids,
        )
    }
    gone, new = sorted(stored - wanted), sorted(wanted - stored)
    if gone:
        await connection.execute(
            "DELETE FROM lifecycle.deal_signal d USING unnest($1::text[], $2::text[], $3::text[], $4::text[]) "
            "AS g(deal_id, subject_kind, subject_value, signal_id) WHERE d.deal_id = g.deal_id "
            "AND d.subject_kind = g.subject_kind AND d.subject_value = g.subject_value AND d.signal_id = g.signal_id",
            *map(list, zip(*[(row[0], row[1], row[2], row[4]) for row in gone], strict=True)),
        )
    if new:
        await connection.execute(
            "INSERT INTO lifecycle.deal_signal SELECT * FROM unnest($1::text[], $2::text[], $3::text[], "
            "$4::timestamptz[], $5::text[], $6::text[])",
            *map(list, zip(*new, strict=True)),
        )
    return [(row[1], row[2]) for row in (*gone, *new)]
