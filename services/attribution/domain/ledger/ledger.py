"""A deal's money over time, credited entry by entry.

    booking = Booking(rate=Decimal("1.08"), weights=(0.4, 0.6), entries=(
        LedgerEntry("e1", "booked", Decimal("1000.00"), closed),
        LedgerEntry("e2", "refunded", Decimal("-250.00"), later),
    ))
    credit_booking(booking, currency="USD")
    # e1: touch 0 -> 432.00, touch 1 -> 648.00 ; e2: touch 0 -> -108.00, touch 1 -> -162.00

After each entry the net amount so far is converted at the booking's rate, rounded to the minor unit and split by the
booking's weights; the entry's credits are the difference to the split before. So every entry's credits sum to its own
converted amount, and a full refund brings every touch back to exactly zero.

Which weights: a `booked` or `renewed` entry is a close, with touches (and so weights) and a rate of its own; `amended`,
`refunded` and `reopened` entries belong to the close before them. `bookings` groups a ledger that way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from services.attribution.domain.ledger.money import split, to_major, to_minor

Kind = Literal["booked", "amended", "refunded", "reopened", "renewed", "pipeline"]
OPENING: tuple[Kind, ...] = ("booked", "renewed", "pipeline")
UNATTRIBUTED = "Unattributed"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One signed line of a deal's ledger, `amount` in major units of the deal's currency."""

    entry_id: str
    kind: Kind
    amount: Decimal
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """One close and what followed it.

    `rate` turns the deal's currency into the base currency (published on or before the close); None: no rate is known.
    `weights` per touch, earliest first; empty: nothing to credit.
    """

    entries: tuple[LedgerEntry, ...]
    rate: Decimal | None
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EntryCredit:
    """What one entry gives to one touch: `touch` indexes the booking's weights, None is `Unattributed`.

    `amount_base` in major units of the base currency, None without a rate.
    """

    entry_id: str
    touch: int | None
    weight: float
    amount_base: Decimal | None


def bookings(entries: Iterable[LedgerEntry]) -> list[tuple[LedgerEntry, ...]]:
    """Entries in order of (time, id), cut before every close: each group shares one rate and one set of weights."""
    groups: list[list[LedgerEntry]] = []
    for entry in sorted(entries, key=lambda e: (e.occurred_at, e.entry_id)):
        if entry.kind in OPENING or not groups:
            groups.append([])
        groups[-1].append(entry)
    return [tuple(group) for group in groups]


def credit_booking(booking: Booking, currency: str) -> list[EntryCredit]:
    """Credits of every entry in the base `currency`; touches without weight get none."""
    touches: Sequence[int | None] = [i for i, weight in enumerate(booking.weights) if weight > 0] or [None]
    weights = [1.0 if touch is None else booking.weights[touch] for touch in touches]
    credits: list[EntryCredit] = []
    net, before = Decimal(0), [0] * len(touches)
    for entry in booking.entries:
        net += entry.amount
        if booking.rate is None:
            credits += [EntryCredit(entry.entry_id, t, w, None) for t, w in zip(touches, weights, strict=True)]
            continue
        after = split(to_minor(net * booking.rate, currency), weights)
        credits += [
            EntryCredit(entry.entry_id, touch, weight, to_major(now - then, currency))
            for touch, weight, now, then in zip(touches, weights, after, before, strict=True)
        ]
        before = after
    return credits


def entry_amounts(booking: Booking, currency: str) -> dict[str, Decimal | None]:
    """Each entry's own amount in the base `currency`: what its credits sum to (fct_deal_entry.amount_base)."""
    amounts: dict[str, Decimal | None] = {}
    net, before = Decimal(0), 0
    for entry in booking.entries:
        net += entry.amount
        if booking.rate is None:
            amounts[entry.entry_id] = None
            continue
        after = to_minor(net * booking.rate, currency)
        amounts[entry.entry_id] = to_major(after - before, currency)
        before = after
    return amounts
