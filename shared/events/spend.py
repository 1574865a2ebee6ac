"""What a channel cost on a day, on the `spend` topic; and currency rates, which travel with it."""

from datetime import date, datetime
from decimal import Decimal

import msgspec


class Spend(msgspec.Struct, omit_defaults=True, frozen=True):
    """Cost of one day, source, medium and campaign. Sent again for one key, the latest `updated_at` replaces it.

    `crm` scopes it: two CRMs (or ad accounts) that report the same campaign add up, two sources of one CRM do not.
    """

    day: date
    source: str
    medium: str
    cost: Decimal
    currency: str
    updated_at: datetime
    received_at: datetime
    campaign: str = ""
    crm: str = "crm"
    position: int = 0


class FxRate(msgspec.Struct, omit_defaults=True, frozen=True):
    """Units of `quote` for one `base` from `day` on, until the next published day."""

    day: date
    base: str
    quote: str
    rate: Decimal
    received_at: datetime
