"""A CRM opportunity as the CRM sees it now, on the `deals` topic."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from shared.events.touchpoint import Account

DealStatus = Literal["open", "won", "lost"]
DealType = Literal["new", "renewal", "expansion"]


class Refund(msgspec.Struct, omit_defaults=True, frozen=True):
    """Money given back after the close; `amount` is positive, in the deal's currency."""

    id: str
    amount: Decimal
    at: datetime
    reason: str | None = None


class Deal(msgspec.Struct, omit_defaults=True, frozen=True):
    """The whole deal; the version with the latest `updated_at` wins. Times are UTC, `amount` in `currency` (ISO 4217).

    `contacts` are emails, trimmed and lower-cased. `closed_at` is set when `status` is won or lost.
    """

    deal_id: str
    source: str
    status: DealStatus
    amount: Decimal
    currency: str
    created_at: datetime
    updated_at: datetime
    received_at: datetime
    account: Account | None = None
    contacts: tuple[str, ...] = ()
    owner: str | None = None
    name: str | None = None
    type: DealType = "new"
    stage: str | None = None
    closed_at: datetime | None = None
    refunds: tuple[Refund, ...] = ()
    referred_by: str | None = None
