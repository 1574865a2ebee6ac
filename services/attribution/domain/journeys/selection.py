"""Which touches count: up to the close, inside the lookback; Direct left out, repeats collapsed when so configured."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from services.attribution.domain.journeys.journeys import DIRECT, MISSING, Floats, Ints, Journeys, Mask, add_up
from services.attribution.domain.journeys.positions import BITS, Positions, locate


@dataclass(frozen=True, slots=True)
class Rules:
    """How touches are chosen. `lookback` None: no limit. A touch at the very edge of it, or of the close, counts."""

    lookback: timedelta | None = None
    exclude_direct: bool = False
    collapse: bool = False


@dataclass(frozen=True)
class Paths:
    """The touches that count, ready for any model; laid out as in `Journeys`.

    Per touch: `at`, `channel`, `journey` (its owner's number), `source` (its index in the `Journeys` it came from).
    Per journey: `n` touches, `closed_at` (the last touch's time when the journey has no close), `positions`.
    """

    journeys: Journeys
    offsets: Ints
    n: Ints
    journey: Ints
    source: Ints
    at: Ints
    channel: Ints
    closed_at: Ints
    positions: Positions

    @property
    def channels(self) -> tuple[str, ...]:
        return self.journeys.channels

    @property
    def touches(self) -> int:
        """How many touches there are in all."""
        return len(self.channel)

    @property
    def is_direct(self) -> Mask:
        """Per touch: whether its channel is Direct."""
        return direct_channels(self.channels)[self.channel]

    def sum(self, values: Floats) -> Floats:
        """Per-touch values summed per journey."""
        return add_up(self.journey, values, len(self.n))


def select(journeys: Journeys, rules: Rules | None = None) -> Paths:
    """The paths to credit: selection, then positions, then (if configured) runs of one channel made one touch."""
    rules = rules or Rules()
    owner = np.repeat(np.arange(len(journeys)), np.diff(journeys.offsets))
    closed_at = _closes(journeys)
    keep = journeys.at <= closed_at[owner]
    if rules.lookback is not None:
        keep &= journeys.at >= (closed_at - rules.lookback // timedelta(microseconds=1))[owner]
    if rules.exclude_direct:
        keep = _without_direct(journeys, owner, keep)
    source = np.arange(len(owner)) if keep.all() else np.flatnonzero(keep)
    journey = owner[source]
    offsets = _offsets(journey, len(journeys))
    positions = locate(journeys, source, journey, offsets)
    if rules.collapse and len(source):
        channel = journeys.channel[source]
        starts = np.ones(len(source), dtype=np.bool_)
        starts[1:] = (channel[1:] != channel[:-1]) | (journey[1:] != journey[:-1])
        # Positions were found first: a milestone held by a touch that is folded away passes to the touch that stays.
        survivor = np.cumsum(starts) - 1
        positions = {name: np.where(at >= 0, survivor[at], -1) for name, at in positions.items()}
        source, journey = source[starts], journey[starts]
        offsets = _offsets(journey, len(journeys))
    return Paths(
        journeys=journeys,
        offsets=offsets,
        n=np.diff(offsets),
        journey=journey,
        source=source,
        at=journeys.at[source],
        channel=journeys.channel[source],
        closed_at=closed_at,
        positions=positions,
    )


def direct_channels(channels: tuple[str, ...]) -> Mask:
    """Per channel: whether it is Direct (case does not matter)."""
    return np.array([name.strip().casefold() == DIRECT.casefold() for name in channels], dtype=np.bool_)


def _closes(journeys: Journeys) -> Ints:
    """When each journey ends: its close, else the touch marked as closing it, else its last touch."""
    closed_at = journeys.closed_at.copy()
    if journeys.stated is not None:
        closing = np.flatnonzero(journeys.stated & BITS["closed"])
        owner = np.searchsorted(journeys.offsets, closing, side="right") - 1
        open_owner = closed_at[owner] == MISSING
        closed_at[owner[open_owner]] = journeys.at[closing[open_owner]]
    open_ones = np.flatnonzero((closed_at == MISSING) & (np.diff(journeys.offsets) > 0))
    closed_at[open_ones] = journeys.at[journeys.offsets[open_ones + 1] - 1]
    return closed_at


def _without_direct(journeys: Journeys, owner: Ints, keep: Mask) -> Mask:
    """Drop Direct, except from journeys that would have nothing left: there it keeps the credit."""
    others = keep & ~direct_channels(journeys.channels)[journeys.channel]
    left = np.bincount(owner[others], minlength=len(journeys))
    kept: Mask = others | (keep & (left[owner] == 0))
    return kept


def _offsets(journey: Ints, n: int) -> Ints:
    return np.concatenate(([0], np.cumsum(np.bincount(journey, minlength=n)))).astype(np.int64)
