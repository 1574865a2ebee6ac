"""Touches as rows, and their columns."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import numpy as np

from services.attribution.domain.deals.attribute import Outcome
from services.attribution.domain.deals.earned import NO_TOUCH
from services.attribution.domain.deals.touches import Origin, Touches
from services.attribution.domain.ledger.money import WHOLE, to_major


class Touched(NamedTuple):
    """A touch of a person of a deal; both are numbered by the caller."""

    deal: int
    person: int
    touchpoint_id: str
    at: datetime
    channel: str
    source: str
    medium: str
    campaign: str | None


def uuid(n: int) -> str:
    """The id of touch number n; they sort by number."""
    return str(UUID(int=n))


def columns(rows: Iterable[Touched]) -> Touches:
    """The rows as columns."""
    rows = list(rows)
    origins = list(dict.fromkeys(Origin(*row[4:]) for row in rows))
    numbers = [UUID(row.touchpoint_id).int for row in rows]
    ids = np.array([(n >> 64, n & (1 << 64) - 1) for n in numbers], dtype=np.uint64).reshape(-1, 2)
    deal, person, at, origin = (
        np.array(column, dtype=np.int64)
        for column in (
            [row.deal for row in rows],
            [row.person for row in rows],
            [round(row.at.timestamp() * 1_000_000) for row in rows],
            [origins.index(Origin(*row[4:])) for row in rows],
        )
    )
    return Touches.of(deal, person, at, origin, ids, tuple(origins))


class Credited(NamedTuple):
    """One credit, as fct_credit has it."""

    model: str
    entry_id: str
    touchpoint_id: str | None
    channel: str
    positions: int
    weight: Decimal
    amount_base: Decimal | None


def credits_of(outcome: Outcome, touches: Touches, base: str = "USD") -> Iterator[Credited]:
    """Every credit of an outcome."""
    ids = touches.texts()
    for entry, parts in zip(outcome.entries, outcome.credits, strict=True):
        for given in parts:
            for n, (model, place) in enumerate(zip(given.of_model.tolist(), given.of_touch.tolist(), strict=True)):
                touch, position = int(given.touches[place]), int(given.positions[place])
                nobody = position == NO_TOUCH
                yield Credited(
                    given.models[model],
                    entry.entry_id,
                    None if nobody else ids[touch],
                    "Unattributed" if nobody else touches.channels[touches.channel[touch]],
                    position,
                    Decimal(int(given.weights[n])) / WHOLE,
                    None if given.amounts is None else to_major(int(given.amounts[n]), base),
                )
