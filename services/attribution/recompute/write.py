"""The difference between what stands and what was computed: equal rows stay, others are superseded, new ones added."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from services.attribution.domain.deals.account import Found
from services.attribution.domain.deals.attribute import Outcome
from shared.db import Connection

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS incoming_entry (LIKE warehouse.fct_deal_entry) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS incoming_credit (LIKE warehouse.fct_credit) ON COMMIT DELETE ROWS
"""
_ENTRY = (
    "entry_id", "deal_id", "booking", "kind", "amount", "currency", "fx_rate", "amount_base", "occurred_at",
    "recorded_at",
)  # fmt: skip
_CREDIT = (
    "model", "deal_id", "entry_id", "touchpoint_id", "channel", "position", "weight", "amount_base", "run_id",
    "recorded_at",
)  # fmt: skip
_SUPERSEDE_ENTRIES = """
UPDATE warehouse.fct_deal_entry AS live SET superseded_at = $2
WHERE deal_id = ANY($1) AND superseded_at IS NULL AND NOT EXISTS (
    SELECT FROM incoming_entry AS same WHERE same.entry_id = live.entry_id
        AND (same.fx_rate, same.amount_base) IS NOT DISTINCT FROM (live.fx_rate, live.amount_base)
)
"""
_ADD_ENTRIES = """
INSERT INTO warehouse.fct_deal_entry SELECT * FROM incoming_entry AS new WHERE NOT EXISTS (
    SELECT FROM warehouse.fct_deal_entry AS live
    WHERE live.deal_id = new.deal_id AND live.entry_id = new.entry_id AND live.superseded_at IS NULL
)
"""
_SUPERSEDE_CREDITS = """
UPDATE warehouse.fct_credit AS live SET superseded_at = $2
WHERE deal_id = ANY($1) AND superseded_at IS NULL AND NOT EXISTS (
    SELECT FROM incoming_credit AS same
    WHERE same.deal_id = live.deal_id AND same.entry_id = live.entry_id AND same.model = live.model
        AND (same.touchpoint_id, same.channel, same.position, same.weight, same.amount_base)
            IS NOT DISTINCT FROM (live.touchpoint_id, live.channel, live.position, live.weight, live.amount_base)
)
"""
_ADD_CREDITS = """
INSERT INTO warehouse.fct_credit SELECT * FROM incoming_credit AS new WHERE NOT EXISTS (
    SELECT FROM warehouse.fct_credit AS live
    WHERE live.deal_id = new.deal_id AND live.entry_id = new.entry_id AND live.model = new.model
        AND live.touchpoint_id IS NOT DISTINCT FROM new.touchpoint_id AND live.superseded_at IS NULL
)
"""
_RUN = """
INSERT INTO warehouse.attribution_run (reason, started_at, finished_at, model_config, channel_rules_version, deals)
VALUES ($1, $2, clock_timestamp(), $3, $4, $5) RETURNING run_id
"""
_DIGEST = """
UPDATE attribution.deal SET digest = new.digest, error = NULL
FROM unnest($1::text[], $2::text[]) AS new (deal_id, digest) WHERE deal.deal_id = new.deal_id
"""
_TOUCHED_UNTIL = """
UPDATE attribution.deal SET touched_until = exact.until
FROM unnest($1::text[], $2::timestamptz[]) AS exact (deal_id, until)
WHERE deal.deal_id = exact.deal_id AND deal.touched_until <> exact.until
"""
_ACCOUNT = """
UPDATE warehouse.fct_deal AS deal SET account_id = found.account_id, account_rule = found.rule
FROM unnest($1::text[], $2::text[], $3::text[]) AS found (deal_id, account_id, rule)
WHERE deal.deal_id = found.deal_id
    AND (deal.account_id, deal.account_rule) IS DISTINCT FROM (found.account_id, found.rule)
"""
_MISSING_KEYS = """
SELECT key, deal_id FROM unnest($1::text[], $2::text[]) AS needed (key, deal_id)
WHERE NOT EXISTS (SELECT FROM attribution.deal_key AS own WHERE own.key = needed.key AND own.deal_id = needed.deal_id)
"""
_ADD_KEYS = """
INSERT INTO attribution.deal_key (key, deal_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
"""

_encode = msgspec.json.Encoder().encode


def digest_of(outcome: Outcome) -> str:
    """Equal for equal outcomes."""
    return blake2b(_encode(outcome), digest_size=16).hexdigest()


async def facts(connection: Connection, accounts: Mapping[str, Found], touched_until: Mapping[str, datetime]) -> None:
    """What is known of the deals besides their money."""
    rules = [found.rule for found in accounts.values()]
    ids = [found.account_id for found in accounts.values()]
    await connection.execute(_ACCOUNT, list(accounts), ids, rules)
    await connection.execute(_TOUCHED_UNTIL, list(touched_until), list(touched_until.values()))


async def outcomes(
    connection: Connection,
    changed: Mapping[str, tuple[Outcome, str]],
    now: datetime,
    reason: str,
    model_config: Mapping[str, Any],
    channel_rules_version: str,
) -> None:
    """Write what changed, by deal with its digest, as one run."""
    new = [outcome for outcome, _ in changed.values()]
    run_id = await connection.fetchval(
        _RUN, reason, now, _encode(model_config).decode(), channel_rules_version, len(changed)
    )
    await connection.execute(_STAGE)
    await connection.copy_records_to_table("incoming_entry", columns=_ENTRY, records=_entries(new, now))
    await connection.copy_records_to_table("incoming_credit", columns=_CREDIT, records=_credits(new, run_id, now))
    for supersede, add in ((_SUPERSEDE_ENTRIES, _ADD_ENTRIES), (_SUPERSEDE_CREDITS, _ADD_CREDITS)):
        await connection.execute(supersede, list(changed), now)
        await connection.execute(add)
    await connection.execute(_DIGEST, list(changed), [digest for _, digest in changed.values()])


def _entries(outcomes: Iterable[Outcome], now: datetime) -> list[tuple[Any, ...]]:
    return [
        (e.entry_id, o.deal_id, e.booking, e.kind, e.amount, e.currency, e.fx_rate, e.amount_base, e.occurred_at, now)
        for o in outcomes
        for e in o.entries
    ]


def _credits(outcomes: Iterable[Outcome], run_id: int, now: datetime) -> list[tuple[Any, ...]]:
    return [
        (c.model, o.deal_id, c.entry_id, c.touchpoint_id, c.channel, c.position, c.weight, c.amount_base, run_id, now)
        for o in outcomes
        for c in o.credits
    ]


async def missing_keys(connection: Connection, needed: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The (key, deal_id) pairs that are not noted yet."""
    rows = await connection.fetch(_MISSING_KEYS, [key for key, _ in needed], [deal_id for _, deal_id in needed])
    return [(row["key"], row["deal_id"]) for row in rows]


async def add_keys(connection: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Note (key, deal_id) pairs; call it with the marking lock held, and mark the deals."""
    await connection.execute(_ADD_KEYS, [key for key, _ in pairs], [deal_id for _, deal_id in pairs])
