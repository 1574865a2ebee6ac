"""Journeys as plain values, which are easier to write down than columns, and what each touch of them earns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from services.attribution.domain.journeys.journeys import Ints, Journeys, micros
from services.attribution.domain.journeys.positions import names
from services.attribution.domain.journeys.selection import Rules, select
from services.attribution.domain.models import RuleModel
from services.attribution.domain.models.fitting import spread

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Touch:
    """One session entry: when, by which channel, and which contact of the account it was."""

    touch_id: str
    at: datetime
    channel: str
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Journey:
    """One deal's touches and milestones.

    `lead_contact` is the contact whose lead was created first (None: any contact's touch may hold that position).
    `closed_at` None: not closed; every touch counts. `value` in major units; only the fitted models and totals read it.
    """

    deal_id: str
    touches: tuple[Touch, ...]
    closed_at: datetime | None = None
    lead_created_at: datetime | None = None
    lead_contact: str | None = None
    opportunity_created_at: datetime | None = None
    value: float = 0.0
    count: float = 1.0
    nulls: float = 0.0


@dataclass(frozen=True, slots=True)
class TouchCredit:
    """The part of a deal that one touch earned. `position` such as "first+lead_created", or "middle"."""

    touch_id: str
    channel: str
    position: str
    weight: float


def credit(
    journeys: Sequence[Journey],
    models: Mapping[str, RuleModel],
    rules: Rules | None = None,
    shares: Mapping[str, Mapping[str, float]] | None = None,
) -> list[dict[str, list[TouchCredit]]]:
    """Per journey, per model the touches that earned something, earliest first; an empty list when no touch counts."""
    paths = select(from_values(journeys), rules)
    weights = {name: model.weights(paths) for name, model in models.items()}
    weights |= {name: spread(paths, fitted) for name, fitted in (shares or {}).items()}
    held = names(paths.positions, paths.touches)
    columns = {name: own.tolist() for name, own in weights.items()}
    touch = paths.journeys.order[paths.source].tolist()
    ends = paths.offsets.tolist()
    return [
        {
            name: [
                TouchCredit(journey.touches[touch[i]].touch_id, journey.touches[touch[i]].channel, held[i], own[i])
                for i in range(start, end)
                if own[i] > 0
            ]
            for name, own in columns.items()
        }
        for journey, start, end in zip(journeys, ends[:-1], ends[1:], strict=True)
    ]


def day(n: float) -> datetime:
    """Midnight of the n-th day."""
    return START + timedelta(days=n)


def journey(path: str, **facts: Any) -> Journey:
    """A journey of a path such as "Email > Direct/ann > Events@9/bob": channel, @day (its index) and /contact."""
    touches = []
    for i, written in enumerate(path.split(">") if path else []):
        step, _, contact = written.strip().partition("/")
        channel, _, at = step.partition("@")
        touches.append(Touch(f"t{i}", day(float(at or i)), channel.strip(), contact or None))
    for name in ("closed_at", "lead_created_at", "opportunity_created_at"):
        if isinstance(facts.get(name), int | float):
            facts[name] = day(facts[name])
    return Journey(facts.pop("deal_id", "deal"), tuple(touches), **facts)


def from_values(journeys: Sequence[Journey]) -> Journeys:
    """Columns of plain values, in the order given; touches may come in any order (ties in time go by touch_id)."""
    touches = [sorted(enumerate(j.touches), key=lambda it: (it[1].at, it[1].touch_id)) for j in journeys]
    flat = [(i, touch) for own in touches for i, touch in own]
    channels: dict[str, int] = {}
    contacts: dict[str | None, int] = {None: -1}
    for _, touch in flat:
        channels.setdefault(touch.channel, len(channels))
        contacts.setdefault(touch.contact, len(contacts) - 1)
    return Journeys(
        channels=tuple(channels),
        offsets=np.cumsum([0, *(len(own) for own in touches)], dtype=np.int64),
        at=_ints([micros(touch.at) for _, touch in flat]),
        channel=_ints([channels[touch.channel] for _, touch in flat]),
        contact=_ints([contacts[touch.contact] for _, touch in flat]),
        order=_ints([i for i, _ in flat]),
        closed_at=_ints([micros(j.closed_at) for j in journeys]),
        lead_created_at=_ints([micros(j.lead_created_at) for j in journeys]),
        # A lead contact without a touch must match nobody, where None matches everybody.
        lead_contact=_ints([contacts.get(j.lead_contact, len(contacts)) for j in journeys]),
        opportunity_created_at=_ints([micros(j.opportunity_created_at) for j in journeys]),
        value=np.array([j.value for j in journeys], dtype=np.float64),
        count=np.array([j.count for j in journeys], dtype=np.float64),
        nulls=np.array([j.nulls for j in journeys], dtype=np.float64),
    )


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)
