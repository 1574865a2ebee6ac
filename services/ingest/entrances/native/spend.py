"""What a channel cost on a day, and what currencies are worth."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from services.ingest.domain.amounts import amount_of
from services.ingest.domain.currencies import currency_of
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import rejected
from services.ingest.domain.text import LONGEST, content_of
from services.ingest.domain.times import OLDEST, corrected
from shared.events.spend import FxRate, Spend


class NativeSpend(msgspec.Struct, gc=False):
    """One day's cost as sent; sent again, the latest `updated_at` (its receipt, when it has none) replaces it."""

    day: date
    source: str
    medium: str
    cost: Decimal
    currency: str
    campaign: str = ""
    updated_at: datetime | None = None


class NativeFxRate(msgspec.Struct, gc=False):
    """Units of `quote` for one `base` from `day` on."""

    day: date
    base: str
    quote: str
    rate: Decimal


def normalise_spend(sent: NativeSpend, receipt: Receipt, index: int) -> Spend:
    """The cost as it travels on. Raises Rejected."""
    names = {"source": sent.source.strip(), "medium": sent.medium.strip(), "campaign": sent.campaign.strip()}
    for path, name in names.items():
        if len(name) > LONGEST:
            raise rejected(path, f"has {len(name)} characters; the most is {LONGEST}")
    return Spend(
        day=_day(sent.day),
        source=names["source"],
        medium=names["medium"],
        campaign=names["campaign"],
        cost=amount_of(sent.cost, "cost"),
        currency=currency_of(sent.currency),
        updated_at=corrected(sent.updated_at, None, receipt.received_at)[0],
        received_at=receipt.received_at,
    )


def normalise_fx_rate(sent: NativeFxRate, receipt: Receipt, index: int) -> FxRate:
    """The rate as it travels on. Raises Rejected."""
    if not sent.rate.is_finite() or not Decimal("1e-12") <= sent.rate <= Decimal("1e12"):
        raise rejected("rate", "must be above zero: units of `quote` for one `base`")
    return FxRate(
        day=_day(sent.day),
        base=currency_of(sent.base, "base"),
        quote=currency_of(sent.quote, "quote"),
        rate=sent.rate,
        received_at=receipt.received_at,
    )


def spend_key(spend: Spend) -> str:
    """What decides the partition, and names it: one day, source, medium and campaign."""
    return content_of([spend.day, spend.source, spend.medium, spend.campaign])


def fx_rate_key(rate: FxRate) -> str:
    """What decides the partition, and names it: one day and pair."""
    return f"{rate.day} {rate.base} {rate.quote}"


def _day(day: date) -> date:
    if day < OLDEST.date():
        raise rejected("day", "is before the year 2000")
    return day
