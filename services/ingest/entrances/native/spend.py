"""What a channel cost on a day, and what currencies are worth."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from services.ingest.domain.amounts import amount_of, rate_of
from services.ingest.domain.crm import DEFAULT
from services.ingest.domain.currencies import currency_of
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.text import content_of, identifier
from services.ingest.domain.times import corrected, day_of
from shared.events.spend import FxRate, Spend


class NativeSpend(msgspec.Struct, gc=False):
    """One day's cost as sent; sent again, the latest `updated_at` (its receipt, when it has none) replaces it."""

    day: date
    source: str
    medium: str
    cost: Decimal
    currency: str
    campaign: str | None = None
    updated_at: datetime | None = None


class NativeFxRate(msgspec.Struct, gc=False):
    """Units of `quote` for one `base` from `day` on."""

    day: date
    base: str
    quote: str
    rate: Decimal


def normalise_spend(sent: NativeSpend, receipt: Receipt, index: int) -> Spend:
    """The cost as it travels on. Raises Rejected."""
    return Spend(
        day=day_of(sent.day),
        source=identifier(sent.source, "source") or "",
        medium=identifier(sent.medium, "medium") or "",
        campaign=identifier(sent.campaign, "campaign") or "",
        cost=amount_of(sent.cost, "cost"),
        currency=currency_of(sent.currency),
        updated_at=corrected(sent.updated_at, None, receipt.received_at, "updated_at")[0],
        received_at=receipt.received_at,
        crm=receipt.crm.name,
        position=index,
    )


def normalise_fx_rate(sent: NativeFxRate, receipt: Receipt, index: int) -> FxRate:
    """The rate as it travels on. Raises Rejected."""
    return FxRate(
        day=day_of(sent.day),
        base=currency_of(sent.base, "base"),
        quote=currency_of(sent.quote, "quote"),
        rate=rate_of(sent.rate, "rate"),
        received_at=receipt.received_at,
    )


def spend_key(spend: Spend) -> str:
    """What decides the partition, and names it: one day, source, medium and campaign of one CRM."""
    return content_of([spend.day, spend.source, spend.medium, spend.campaign, *_of(spend.crm)])


def fx_rate_key(rate: FxRate) -> str:
    """What decides the partition, and names it: one day and pair."""
    return f"{rate.day} {rate.base} {rate.quote}"


def _of(crm: str) -> tuple[str, ...]:
    return () if crm == DEFAULT else (crm,)
