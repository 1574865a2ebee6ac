"""A CRM opportunity as the CRM sees it now, on the `deals` topic."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from shared.events.touchpoint import Account

DealStatus = Literal["open", "won", "lost", "deleted"]
DealType = Literal["new", "renewal", "expansion"]


class Refund(msgspec.Struct, omit_defaults=True, frozen=True):
    """Money given back after the close; `amount` is positive, in the deal's currency."""

    id: str
    amount: Decimal
    at: datetime
    reason: str | None = None


class Deal(msgspec.Struct, omit_defaults=True, frozen=True):
    """The whole deal; the version with the latest `updated_at` wins. Times are UTC, `amount` in `currency` (ISO 4217).

    `deal_id` is the CRM's own id for the default CRM, `<crm>:<id>` for any other. Of versions with one `updated_at` the
    one received later stands: by `received_at`, then `position`, its place in its request. `created_at` is None when
    the CRM did not say it, `amount` when the deal has none yet (never of a won deal). `flags`: what ingest corrected.
    `contacts` are emails, trimmed and lower-cased. `closed_at` is set when `status` is won or lost.
    """

    deal_id: str
    source: str
    status: DealStatus
    amount: Decimal | None
    currency: str
    created_at: datetime | None
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
    crm: str = "crm"
    flags: tuple[str, ...] = ()
    position: int = 0

    @property
    def since(self) -> datetime:
        """When this version says the deal began: what the CRM said, else its own time, and never after its close."""
        if self.created_at is not None or self.closed_at is None or self.status == "open":
            return self.created_at or self.updated_at
        return min(self.updated_at, self.closed_at)

    @property
    def money(self) -> Decimal:
        """The amount, zero while there is none."""
        return self.amount if self.amount is not None else Decimal(0)
