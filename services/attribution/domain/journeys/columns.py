"""Builds `Journeys` from flat columns, one row per touch in any order: what CSV files and engines bring."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.attribution.domain.journeys.journeys import MISSING, Floats, Ints, Journeys


@dataclass(frozen=True)
class Milestones:
    """Per-journey columns; each None means "missing for every journey" (`count` None: one conversion each)."""

    closed_at: Ints | None = None
    lead_created_at: Ints | None = None
    lead_contact: Ints | None = None
    opportunity_created_at: Ints | None = None
    value: Floats | None = None
    count: Floats | None = None
    nulls: Floats | None = None


def from_columns(
    channels: tuple[str, ...],
    journey: Ints,
    at: Ints,
    channel: Ints,
    *,
    n_journeys: int,
    tie: Ints | None = None,
    contact: Ints | None = None,
    stated: npt.NDArray[np.uint8] | None = None,
    milestones: Milestones | None = None,
) -> Journeys:
    """Journeys of rows (journey number, time in microseconds, channel number).

    `tie` ranks touches of equal time (their ids' rank); without it the row that came first is the earlier touch.
    """
    order = _order(journey, at, tie)
    facts = milestones or Milestones()

    def sort(column: Ints) -> Ints:
        return column if order is None else column[order]

    return Journeys(
        channels=channels,
        offsets=np.concatenate(([0], np.cumsum(np.bincount(journey, minlength=n_journeys)))).astype(np.int64),
        at=sort(at),
        channel=sort(channel),
        contact=np.full(len(at), -1) if contact is None else sort(contact),
        order=np.arange(len(at)) if order is None else order,
        closed_at=_filled(facts.closed_at, n_journeys, MISSING),
        lead_created_at=_filled(facts.lead_created_at, n_journeys, MISSING),
        lead_contact=_filled(facts.lead_contact, n_journeys, -1),
        opportunity_created_at=_filled(facts.opportunity_created_at, n_journeys, MISSING),
        value=np.zeros(n_journeys) if facts.value is None else facts.value,
        count=np.ones(n_journeys) if facts.count is None else facts.count,
        nulls=np.zeros(n_journeys) if facts.nulls is None else facts.nulls,
        stated=stated if stated is None or order is None else stated[order],
    )


def _order(journey: Ints, at: Ints, tie: Ints | None) -> Ints | None:
    """The sorting permutation; None for rows already in order, as most exports are, for sorting costs the most."""
    if tie is None and len(at):
        step = np.diff(journey)
        if bool(np.all((step > 0) | ((step == 0) & (np.diff(at) >= 0)))):
            return None
    keys = (at, journey) if tie is None else (tie, at, journey)
    return np.lexsort(keys).astype(np.int64)


def _filled(column: Ints | None, n: int, missing: int) -> Ints:
    return np.full(n, missing, dtype=np.int64) if column is None else column
