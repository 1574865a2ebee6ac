"""A deal's money over time, converted entry by entry.

After each entry the net amount so far is converted at the rate of its close and rounded to the minor unit; the entry's
own amount is the difference to the net before it. So rounding never piles up, and a full refund comes to exactly zero.
`deals.parts` splits the same nets among the touches.

A `booked` or `renewed` entry is a close, with touches (and so weights) and a rate of its own; `amended`, `refunded` and
`reopened` entries belong to the close before them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from services.attribution.domain.ledger.money import to_major, to_minor

Kind = Literal["booked", "amended", "refunded", "reopened", "renewed", "pipeline"]
UNATTRIBUTED = "Unattributed"
"""The channel of money that no touch can be credited with."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One signed line of a deal's ledger, `amount` in major units of the deal's currency."""

    entry_id: str
    kind: Kind
    amount: Decimal
    occurred_at: datetime


def entry_amounts(entries: Iterable[LedgerEntry], rate: Decimal | None, currency: str) -> list[Decimal | None]:
    """Each entry's amount in the base `currency`, in major units: what its credits sum to. None without a `rate`.

    `entries` are those of one close, in order; `rate` turns their currency into the base currency.
    """
    amounts: list[Decimal | None] = []
    net, before = Decimal(0), 0
    for entry in entries:
        net += entry.amount
        if rate is None:
            amounts.append(None)
            continue
        after = to_minor(net * rate, currency)
        amounts.append(to_major(after - before, currency))
        before = after
    return amounts
