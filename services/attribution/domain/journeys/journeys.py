"""Journeys as columns: all touches in a few flat arrays, so that one deal and a million touches take the same code.

Build them with `columns.from_columns`. Times are int64 microseconds since 1970 in UTC; `MISSING` stands for "no such
time".
"""

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


@dataclass(frozen=True)
class Journeys:
    """Ragged columns. Journey j owns touches `offsets[j]:offsets[j+1]`, ordered by (time, id).

    Per touch: `at`, `channel` (index into `channels`), `contact` (-1 unknown), `stated` (bits: positions that the
    data itself gives, see `positions.BITS`; None: derive them all), `order` (the touch's index in what was given).
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
    stated: npt.NDArray[np.uint8] | None = None

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
