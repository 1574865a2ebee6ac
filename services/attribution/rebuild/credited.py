"""What deals would be credited with, computed without writing anything."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from services.attribution.domain.deals.attribute import Outcome, attribute
from services.attribution.domain.deals.earned import Earned
from services.attribution.domain.deals.lines import PIPELINE
from services.attribution.domain.deals.touches import Touches
from services.attribution.domain.ledger.ledger import UNATTRIBUTED
from services.attribution.domain.ledger.money import decimals
from services.attribution.domain.terms import Terms
from services.attribution.recompute import load
from services.attribution.runs.journeys import journeys
from services.attribution.store import accounts, deals
from shared.db import Connection

CHUNK = 500
"""Deals computed at a time."""

Shares = Mapping[str, Mapping[str, float]]
Revenue = dict[tuple[str, str], Decimal]
"""By (model, channel), in the base currency; without pipeline, and without amounts that have no rate."""


async def revenue_of(
    connection: Connection, deal_ids: Sequence[str], terms: Terms, shares: Shares, told: Callable[[int], None]
) -> Revenue:
    """The revenue of these deals under these terms, as the connection sees touches and people now."""
    policy = replace(terms.policy, shares=shares)
    total: Revenue = defaultdict(Decimal)
    unit = Decimal(1).scaleb(-decimals(policy.base_currency))
    for begin in range(0, len(deal_ids), CHUNK):
        versions = await deals.versions(connection, deal_ids[begin : begin + CHUNK])
        found = await accounts.found(connection, versions)
        loaded = await load.load(connection, versions, found, terms.lookback, policy.base_currency)
        outcomes = await asyncio.to_thread(attribute, loaded.cases, loaded.touches, policy, loaded.rate)
        _add(total, outcomes, loaded.touches, unit)
        told(min(begin + CHUNK, len(deal_ids)))
    return total


async def learnt(connection: Connection, terms: Terms) -> Shares:
    """What the fitted models would learn from all journeys now."""
    if not terms.fitted:
        return {}
    paths = (await journeys(connection, terms)).paths()
    if not paths.touches:
        return {}
    return {name: (await asyncio.to_thread(model.fit, paths)).shares for name, model in terms.fitted.items()}


def _add(total: Revenue, outcomes: Sequence[Outcome], touches: Touches, unit: Decimal) -> None:
    for outcome in outcomes:
        for entry, parts in zip(outcome.entries, outcome.credits, strict=True):
            for given in parts if entry.kind != PIPELINE else ():
                for model, channel, amount in _amounts(given, touches):
                    total[model, channel] += amount * unit


def _amounts(given: Earned, touches: Touches) -> Iterator[tuple[str, str, int]]:
    """(model, channel, minor units) of everything an entry gives; nothing where no rate is known."""
    if given.amounts is None:
        return
    channels = [UNATTRIBUTED if touch < 0 else touches.channels[touches.channel[touch]] for touch in given.touches]
    for model, touch, amount in zip(given.of_model, given.of_touch, given.amounts.tolist(), strict=True):
        yield given.models[model], channels[touch], amount
