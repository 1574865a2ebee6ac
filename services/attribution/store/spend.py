"""Spend and currency rates. A rate that arrives late converts what it can: spend at once, deals by a mark."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

from services.attribution.domain.deals.version import AHEAD, later
from services.attribution.domain.ledger.money import decimals
from shared.db import Connection
from shared.events.spend import FxRate, Spend

_RATES = """
INSERT INTO attribution.fx_rate AS known (base, quote, day, rate, received_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (base, quote, day) DO UPDATE SET rate = excluded.rate, received_at = excluded.received_at
WHERE (excluded.received_at, excluded.rate) > (known.received_at, known.rate)
"""
_COLUMNS = (
    "crm", "day", "source", "medium", "campaign", "channel", "cost", "currency", "updated_at", "received_at",
    "position", "channel_rules",
)  # fmt: skip
_SPEND = f"""
INSERT INTO warehouse.fct_spend AS known ({", ".join(_COLUMNS)}, cost_base)
VALUES ({", ".join(f"${n}" for n in range(1, 13))}, round($7 * attribution.rate_on($8, $13, $2), $14))
ON CONFLICT (crm, day, source, medium, campaign) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[5:], "cost_base"))}
WHERE (excluded.updated_at, excluded.received_at, excluded.position, excluded.cost, excluded.currency)
    > (known.updated_at, known.received_at, known.position, known.cost, known.currency)
"""  # noqa: S608 - the names are ours
_CONVERT_SPEND = """
UPDATE warehouse.fct_spend SET cost_base = round(cost * attribution.rate_on(currency, $1, day), $3)
WHERE day >= $2 AND currency <> $1
    AND cost_base IS DISTINCT FROM round(cost * attribution.rate_on(currency, $1, day), $3)
"""
_RATES_ON = """
SELECT currency, day, attribution.rate_on(currency, $3, day) AS rate
FROM unnest($1::text[], $2::date[]) AS asked (currency, day)
"""
_MARK_RATED = """
INSERT INTO attribution.dirty_deal (deal_id)
SELECT DISTINCT deal_id FROM attribution.deal_version
WHERE deal ->> 'currency' <> $1 AND greatest(updated_at, (deal ->> 'closed_at')::timestamptz) >= $2
"""


async def store_rates(connection: Connection, rates: Sequence[FxRate], base_currency: str) -> None:
    """Take in rates and convert the spend they bear on."""
    rows = [(rate.base, rate.quote, rate.day, rate.rate, rate.received_at) for rate in rates]
    await connection.executemany(_RATES, sorted(rows))
    await connection.execute(_CONVERT_SPEND, base_currency, _earliest(rates), decimals(base_currency))


async def mark_rated(connection: Connection, rates: Sequence[FxRate], base_currency: str) -> None:
    """Mark the deals that these rates may bear on; call it with the marking lock held."""
    first = datetime.combine(_earliest(rates), time(), UTC)
    await connection.execute(_MARK_RATED, base_currency, first)


def _earliest(rates: Iterable[FxRate]) -> date:
    return min(rate.day for rate in rates)


async def store_spend(
    connection: Connection, spend: Iterable[tuple[Spend, str]], rules_id: int, base_currency: str
) -> None:
    """Take in costs, each with its channel by the rules of this number.

    Of one CRM, day, source, medium and campaign the latest `updated_at` stays, then what was received last.
    """
    rows = [
        (
            s.crm, s.day, s.source, s.medium, s.campaign, channel, s.cost, s.currency,
            min(s.updated_at, later(s.received_at, AHEAD)), s.received_at, s.position, rules_id,
            base_currency, decimals(base_currency),
        )
        for s, channel in spend
    ]  # fmt: skip
    await connection.executemany(_SPEND, sorted(rows))


async def rates(
    connection: Connection, asked: Sequence[tuple[str, date]], base_currency: str
) -> dict[tuple[str, date], Decimal | None]:
    """Base currency for one unit of each (currency, day), as published last on or before it; None: unknown."""
    rows = await connection.fetch(_RATES_ON, [c for c, _ in asked], [day for _, day in asked], base_currency)
    return {(row["currency"], row["day"]): row["rate"] for row in rows}
