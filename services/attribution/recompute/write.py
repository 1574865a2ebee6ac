"""The difference between what stands and what was computed: equal rows stay, others are superseded, new ones added."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

import msgspec

from services.attribution.domain.deals.account import Found
from services.attribution.domain.deals.attribute import Outcome
from services.attribution.domain.deals.version import opened_at
from services.attribution.store import deals
from shared.db import Connection
from shared.events.deal import Deal

_ENTRY = (
    "deal_id", "entry_id", "booking", "kind", "amount", "currency", "fx_rate", "amount_base", "occurred_at",
)  # fmt: skip
_CREDIT = (
    "deal_id", "model", "entry_id", "touchpoint_id", "channel", "position", "weight", "amount_base",
)  # fmt: skip
_MODEL = _CREDIT.index("model")
_RUN = """
INSERT INTO warehouse.attribution_run (reason, started_at, finished_at, model_config, channel_rules_version, deals)
VALUES ($1, $2, clock_timestamp(), $3, $4, $5) RETURNING run_id
"""
_DIGEST = """
UPDATE attribution.deal SET digest = new.digest
FROM unnest($1::text[], $2::text[]) AS new (deal_id, digest) WHERE deal.deal_id = new.deal_id
"""
_TOUCHED_UNTIL = """
UPDATE attribution.deal SET touched_until = exact.until, error = NULL
FROM unnest($1::text[], $2::timestamptz[]) AS exact (deal_id, until)
WHERE deal.deal_id = exact.deal_id AND (deal.touched_until <> exact.until OR deal.error IS NOT NULL)
"""
_ACCOUNT = """
UPDATE warehouse.fct_deal AS deal
SET account_id = found.account_id, account_rule = found.rule, created_at = found.opened_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS found (deal_id, account_id, rule, opened_at)
WHERE deal.deal_id = found.deal_id AND (deal.account_id, deal.account_rule, deal.created_at)
    IS DISTINCT FROM (found.account_id, found.rule, found.opened_at)
"""
_encode = msgspec.json.Encoder().encode


def digest_of(outcome: Outcome) -> str:
    """Equal for equal outcomes."""
    return blake2b(_encode(outcome), digest_size=16).hexdigest()


async def facts(connection: Connection, accounts: Mapping[str, Found], versions: Mapping[str, Sequence[Deal]]) -> None:
    """What is known of the deals besides their money: whose each is, when it began, until when touches matter."""
    touched_until = {deal_id: deals.touched_until(own) for deal_id, own in versions.items()}
    opened = [opened_at(versions[deal_id]) for deal_id in accounts]
    rules = [found.rule for found in accounts.values()]
    ids = [found.account_id for found in accounts.values()]
    await connection.execute(_ACCOUNT, list(accounts), ids, rules, opened)
    await connection.execute(_TOUCHED_UNTIL, list(touched_until), list(touched_until.values()))


async def outcomes(
    connection: Connection,
    changed: Mapping[str, tuple[Outcome, str]],
    fresh: Collection[str],
    now: datetime,
    reason: str,
    model_config: Mapping[str, Any],
    channel_rules_version: str | None,
    fitted_runs: Mapping[str, int],
) -> None:
    """Write what changed, by deal with its digest, as one run. `fresh` deals have nothing that stands yet.

    Credits of a model in `fitted_runs` are noted with that run, whose model_result they come from.
    """
    run_id = await connection.fetchval(
        _RUN, reason, now, _encode(model_config).decode(), channel_rules_version, len(changed)
    )
    new = [outcome for outcome, _ in changed.values()]
    entries = [(o.deal_id, *entry) for o in new for entry in o.entries]
    credits = [(o.deal_id, *credit) for o in new for credit in o.credits]
    had = [deal_id for deal_id in changed if deal_id not in fresh]
    await _replace(connection, "fct_deal_entry", _ENTRY, entries, had, now)
    await _replace(
        connection,
        "fct_credit",
        _CREDIT,
        credits,
        had,
        now,
        {"run_id": lambda credit: fitted_runs.get(credit[_MODEL], run_id)},
    )
    await connection.execute(_DIGEST, list(changed), [digest for _, digest in changed.values()])


async def _replace(
    connection: Connection,
    relation: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    had: Sequence[str],
    now: datetime,
    noted: Mapping[str, Callable[[tuple[Any, ...]], Any]] = MappingProxyType({}),
) -> None:
    """Make `rows` what stands: equal ones stay as they are, others are superseded, and what is new is added.

    `had` are the deals that may have rows already; `noted` are columns of a new row that are not compared.
    """
    if had:
        selected = ", ".join(f"{name}::text" if name.endswith("_id") else name for name in columns)
        query = f"SELECT ctid, {selected} FROM warehouse.{relation} WHERE deal_id = ANY($1) AND superseded_at IS NULL"  # noqa: S608 - the names are ours
        standing = {tuple(row)[1:]: row["ctid"] for row in await connection.fetch(query, had)}
        rows = [row for row in rows if standing.pop(row, None) is None]
        # The deal's row is locked, so nobody moves these rows meanwhile.
        supersede = f"UPDATE warehouse.{relation} SET superseded_at = $2 WHERE ctid = ANY($1::tid[])"  # noqa: S608
        await connection.execute(supersede, list(standing.values()), now)
    records = [(*row, *(column(row) for column in noted.values()), now) for row in rows]
    await connection.copy_records_to_table(
        relation, schema_name="warehouse", columns=(*columns, *noted, "recorded_at"), records=records
    )
