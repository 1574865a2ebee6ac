"""Journeys as columns: all touches in a few flat arrays, so that one deal and a million touches take the same code.

    journey = Journey("d1", (Touch("t1", at, "Email", "ann"),), closed_at=closed)
    journeys = from_values([journey])

Times are int64 microseconds since 1970 in UTC; `MISSING` stands for "no such time".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MISSING = np.iinfo(np.int64).min
DIRECT = "Direct"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


@dataclass(frozen=True)
class Journeys:
    """Ragged columns. Journey j owns touches `offsets[j]:offsets[j+1]`, ordered by (time, id).

    Per touch: `at`, `channel` (index into `channels`), `contact` (-1 unknown), `marks` (bits: positions stated by the
    data itself, see `positions.BITS`; None: derive them all), `order` (the touch's index in what was given).
    Per journey: `closed_at`, `lead_created_at`, `opportunity_created_at` (MISSING when not), `lead_contact` (-1 any),
    `count` identical conversions worth `value` in all, and `nulls` identical journeys without one.
    """

    channels: tuple[str, ...]
    offsets: Ints
    at: Ints
    channel: Ints
    contact: Ints
    order: Ints
    closed_at: Ints
    lead_created_at: Ints
    lead_contact: Ints
    opportunity_created_at: Ints
    value: Floats
    count: Floats
    nulls: Floats
    marks: npt.NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1


def add_up(index: Ints, weights: Floats, n: int) -> Floats:
    """Sums of `weights` that share an index, for indices 0 to n-1."""
    # numpy's stubs promise integers here; with weights the result is float64.
    return np.asarray(np.bincount(index, weights=weights, minlength=n), dtype=np.float64)


def micros(at: datetime | None) -> int:
    """Microseconds since 1970 (UTC), MISSING for None. Raises ValueError for a time without a zone."""
    if at is None:
        return int(MISSING)
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give touches and milestones zone-aware times")
    return (at - _EPOCH) // timedelta(microseconds=1)


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
