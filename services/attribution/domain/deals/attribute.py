"""Deals in, entries and credits out: sessions, positions, weights and money, for many deals at once.

A deal has one journey per close: its touches are the same, but each close has an end, a lookback, weights and a rate of
its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate, islice
from typing import NamedTuple, Self

import numpy as np

from services.attribution.domain.deals.earned import FITTED, RULES, Earned, earned
from services.attribution.domain.deals.fold import Close
from services.attribution.domain.deals.touches import Touches
from services.attribution.domain.journeys.columns import Milestones, from_columns
from services.attribution.domain.journeys.journeys import Floats, Ints, Journeys, micros
from services.attribution.domain.journeys.selection import Rules, select
from services.attribution.domain.ledger.ledger import entry_amounts
from services.attribution.domain.ledger.money import to_minor
from services.attribution.domain.models import RuleModel
from services.attribution.domain.models.fitting import spread

Rate = Callable[[str, date], Decimal | None]
"""Base currency for one unit of a currency, as published last on or before a day; None: unknown."""


@dataclass(frozen=True, slots=True)
class Case:
    """A deal to credit. `lead_contact` numbers the person whose lead was created first, as `Touches.person` does."""

    deal_id: str
    closes: Sequence[Close]
    opportunity_created_at: datetime
    lead_contact: int = -1
    lead_created_at: datetime | None = None


@dataclass(frozen=True)
class Policy:
    """How deals are credited. `shares` are the fitted models' channel shares, by model."""

    models: Mapping[str, RuleModel]
    rules: Rules
    base_currency: str
    shares: Mapping[str, Mapping[str, float]]


class EntryFact(NamedTuple):
    """A ledger entry with its base amount; None when no rate is known."""

    entry_id: str
    booking: int
    kind: str
    amount: Decimal
    currency: str
    fx_rate: Decimal | None
    amount_base: Decimal | None
    occurred_at: datetime


class Outcome(NamedTuple):
    """Everything a deal comes to: its entries, and what each of them gives.

    Each entry has one or two `credits`: those of the rule models, and those of the fitted ones, as far as there are
    models of the kind.
    """

    deal_id: str
    entries: tuple[EntryFact, ...]
    credits: tuple[tuple[Earned, ...], ...]


@dataclass(frozen=True)
class _Booked:
    """A close with its money: the base amount of each entry, and the net in minor units after each; None: no rate."""

    close: Close
    fx_rate: Decimal | None
    amounts: list[Decimal | None]
    nets: list[int] | None

    @classmethod
    def of(cls, close: Close, rate: Rate, base: str) -> Self:
        """The close at the rate of its day. Nothing is nothing in every currency, so it takes no rate."""
        fx_rate = rate(close.currency, close.rated_at.date())
        takes_rate = any(entry.amount for entry in close.entries)
        amounts = entry_amounts(close.entries, fx_rate if takes_rate else Decimal(0), base)
        known = [to_minor(amount, base) for amount in amounts if amount is not None]
        return cls(close, fx_rate, amounts, list(accumulate(known)) if len(known) == len(amounts) else None)

    def entries(self) -> Iterator[EntryFact]:
        """Its ledger entries."""
        for e, amount in zip(self.close.entries, self.amounts, strict=True):
            yield EntryFact(
                e.entry_id,
                self.close.number,
                e.kind,
                e.amount,
                self.close.currency,
                self.fx_rate,
                amount,
                e.occurred_at,
            )


def attribute(cases: Sequence[Case], touches: Touches, policy: Policy, rate: Rate) -> list[Outcome]:
    """One outcome per case, in order. `touches.deal` numbers the cases."""
    booked = [_Booked.of(close, rate, policy.base_currency) for case in cases for close in case.closes]
    paths = select(journeys_of(cases, touches), policy.rules)
    rules: dict[str, Floats] = {name: model.weights(paths) for name, model in policy.models.items()}
    fitted = {name: spread(paths, shares) for name, shares in policy.shares.items()}
    counts, nets = [len(one.close.entries) for one in booked], [one.nets for one in booked]
    parts = {RULES: rules, FITTED: fitted}
    groups = [earned(paths, weights, counts, nets, part) for part, weights in parts.items() if weights]
    each = iter(zip(booked, zip(*groups, strict=True) if groups else [()] * len(booked), strict=True))
    outcomes = []
    for case in cases:
        own = list(islice(each, len(case.closes)))
        entries = tuple(entry for one, _ in own for entry in one.entries())
        credits = tuple(given for _, of_close in own for given in zip(*of_close, strict=True))
        outcomes.append(Outcome(case.deal_id, entries, credits))
    return outcomes


def journeys_of(cases: Sequence[Case], touches: Touches) -> Journeys:
    """The entries of each case's sessions, once per close. Its `order` counts in `touches`."""
    entry = np.flatnonzero(touches.opens_session)
    closes = [(number, case, close) for number, case in enumerate(cases) for close in case.closes]
    counts = np.bincount(touches.deal[entry], minlength=len(cases))
    starts = np.cumsum(counts) - counts
    owner = np.array([number for number, _, _ in closes], dtype=np.int64)
    journey = np.repeat(np.arange(len(closes)), counts[owner])
    first = np.cumsum(counts[owner]) - counts[owner]
    rows = entry[np.arange(len(journey)) + np.repeat(starts[owner] - first, counts[owner])]
    journeys = from_columns(
        touches.channels,
        journey,
        touches.at[rows],
        touches.channel[rows],
        n_journeys=len(closes),
        tie=touches.rank[rows],
        contact=touches.person[rows],
        milestones=Milestones(
            closed_at=_ints([micros(close.closed_at) for _, _, close in closes]),
            lead_created_at=_ints([micros(case.lead_created_at) for _, case, _ in closes]),
            lead_contact=_ints([case.lead_contact for _, case, _ in closes]),
            opportunity_created_at=_ints([micros(case.opportunity_created_at) for _, case, _ in closes]),
        ),
    )
    return replace(journeys, order=rows[journeys.order])


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)
