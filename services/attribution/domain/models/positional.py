"""Models that give fixed percentages to named positions and share the rest among the middle touches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from services.attribution.domain.journeys.journeys import Floats, Mask, add_up
from services.attribution.domain.journeys.positions import NAMES
from services.attribution.domain.journeys.selection import Paths

MIDDLE = "middle"
_NOISE = 1e-9


@dataclass(frozen=True)
class Positional:
    """`shares` per position and `middle`, in percent, 100 in all.

    The middle is every touch that holds none of the named positions, or only those strictly `between` two positions.
    What an empty middle or a missing position leaves over is spread evenly over the positions that are present; when
    none is, the middle takes everything, and when that is empty too, all touches share evenly.
    """

    shares: Mapping[str, float]
    middle: float = 0.0
    between: tuple[str, str] | None = None

    @classmethod
    def of(cls, percentages: Mapping[str, float]) -> Self:
        """A model of one's own. Raises ValueError with what to change when the percentages cannot be used."""
        for name, share in percentages.items():
            if name not in (*NAMES, MIDDLE):
                raise ValueError(f"unknown position {name!r}; use {', '.join((*NAMES, MIDDLE))}")
            if not 0 <= share <= 100:
                raise ValueError(f"{name}={share:g} is not a percentage; give 0 to 100")
        total = sum(percentages.values())
        if abs(total - 100) > _NOISE:
            raise ValueError(f"the percentages add up to {total:g}; make them 100")
        shares = {name: share for name, share in percentages.items() if name != MIDDLE}
        return cls(shares, percentages.get(MIDDLE, 0.0))

    def weights(self, paths: Paths) -> Floats:
        """See `RuleModel`. Worked in percent: sums such as 22.5 + 22.5 are exact there, and 0.225 + 0.225 are not."""
        journeys = len(paths.n)
        present = np.zeros(journeys)
        left = np.full(journeys, 100.0)
        named = np.zeros(paths.touches, dtype=np.bool_)
        for position, share in self.shares.items():
            at = paths.positions[position]
            has = at >= 0
            present += has
            left -= np.where(has, share, 0.0)
            named[at[has]] = True
        weights = np.zeros(paths.touches)
        stranded = (present == 0) & (paths.n > 0)
        if self.middle or stranded.any():
            middle = self._middle(paths, named)
            size = add_up(paths.journey, middle.astype(np.float64), journeys)
            shared = np.where(size > 0, np.where(stranded, 100.0, self.middle), 0.0)
            left -= shared
            weights = np.where(middle, (shared / np.maximum(size, 1))[paths.journey], 0.0)
            alone = stranded & (size == 0)
            if alone.any():
                weights += np.where(alone, 100.0 / np.maximum(paths.n, 1), 0.0)[paths.journey]
        # Sums like 33.3 + 33.3 + 33.4 miss 100 by a rounding error: that is not a share to give away.
        extra = np.where(left > _NOISE, left, 0.0) / np.maximum(present, 1)
        for position, share in self.shares.items():
            at = paths.positions[position]
            has = at >= 0
            weights[at[has]] += share + extra[has]
        return weights / 100

    def _middle(self, paths: Paths, named: Mask) -> Mask:
        if self.between is None:
            return ~named
        start, end = (paths.positions[name] for name in self.between)
        index = np.arange(paths.touches)
        # A missing end is -1, so nothing lies before it; a missing start must not let everything in.
        inside = (index < end[paths.journey]) & (index > np.where(start < 0, paths.touches, start)[paths.journey])
        return inside & ~named
