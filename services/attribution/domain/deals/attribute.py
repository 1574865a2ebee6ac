"""Deals in, entries and credits out: sessions, positions, weights and money, for many deals at once.

A deal has one journey per close: its touches are the same, but each close has an end, a lookback, weights and a rate of
its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from services.attribution.domain.columns import Milestones, from_columns
from services.attribution.domain.deals.fold import Close
from services.attribution.domain.deals.touches import Touches
from services.attribution.domain.fitting import spread
from services.attribution.domain.journeys import Floats, Ints, Journeys, micros
from services.attribution.domain.ledger import UNATTRIBUTED, Booking, credit_booking, entry_amounts
from services.attribution.domain.models import RuleModel
from services.attribution.domain.positions import names
from services.attribution.domain.selection import Rules, select

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


class CreditFact(NamedTuple):
    """What one touch (None: no touch could be credited) earns of one entry under one model."""

    model: str
    entry_id: str
    touchpoint_id: str | None
    channel: str
    position: str
    weight: float
    amount_base: Decimal | None


class Outcome(NamedTuple):
    """Everything a deal comes to. Equal outcomes are equal tuples."""

    deal_id: str
    entries: tuple[EntryFact, ...]
    credits: tuple[CreditFact, ...]


class _Path(NamedTuple):
    """The touches of one close that count, earliest first, with their weights per model."""

    touchpoint_ids: list[str]
    channels: list[str]
    positions: list[str]
    weights: dict[str, list[float]]


def attribute(cases: Sequence[Case], touches: Touches, policy: Policy, rate: Rate) -> list[Outcome]:
    """One outcome per case, in order. `touches.deal` numbers the cases."""
    paths = _paths(cases, touches, policy)
    outcomes = []
    for case in cases:
        entries: list[EntryFact] = []
        credits: list[CreditFact] = []
        for close in case.closes:
            booking_entries, booking_credits = _credited(close, next(paths), policy, rate)
            entries += booking_entries
            credits += booking_credits
        outcomes.append(Outcome(case.deal_id, tuple(entries), tuple(credits)))
    return outcomes


def _credited(
    close: Close, path: _Path, policy: Policy, rate: Rate
) -> tuple[Iterator[EntryFact], Iterator[CreditFact]]:
    fx_rate = rate(close.currency, close.rated_at.date())
    base = policy.base_currency
    unweighted = Booking(close.entries, fx_rate, ())
    amounts = entry_amounts(unweighted, base)
    entries = (
        EntryFact(
            e.entry_id, close.number, e.kind, e.amount, close.currency, fx_rate, amounts[e.entry_id], e.occurred_at
        )
        for e in close.entries
    )
    credits = (
        CreditFact(model, c.entry_id, None, UNATTRIBUTED, UNATTRIBUTED.lower(), c.weight, c.amount_base)
        if c.touch is None
        else CreditFact(
            model,
            c.entry_id,
            path.touchpoint_ids[c.touch],
            path.channels[c.touch],
            path.positions[c.touch],
            c.weight,
            c.amount_base,
        )
        for model, weights in path.weights.items()
        for c in credit_booking(Booking(close.entries, fx_rate, tuple(weights)), base)
    )
    return entries, credits


def _paths(cases: Sequence[Case], touches: Touches, policy: Policy) -> Iterator[_Path]:
    """A path for every close of every case, in order."""
    entry = np.flatnonzero(touches.opens_session)
    journeys = _journeys(cases, touches, entry)
    paths = select(journeys, policy.rules)
    weights: dict[str, Floats] = {name: model.weights(paths) for name, model in policy.models.items()}
    weights |= {name: spread(paths, shares) for name, shares in policy.shares.items()}
    columns = {name: own.tolist() for name, own in weights.items()}
    held = names(paths.positions, paths.touches)
    touchpoint_ids = [touches.ids[i] for i in paths.journeys.order[paths.source].tolist()]
    channels = [touches.channels[i] for i in paths.channel.tolist()]
    bounds = paths.offsets.tolist()
    for start, end in pairwise(bounds):
        yield _Path(
            touchpoint_ids[start:end],
            channels[start:end],
            held[start:end],
            {name: own[start:end] for name, own in columns.items()},
        )


def _journeys(cases: Sequence[Case], touches: Touches, entry: Ints) -> Journeys:
    """The entries of each case's sessions, once per close. Its `order` counts in `touches`."""
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
