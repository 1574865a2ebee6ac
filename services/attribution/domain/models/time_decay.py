"""Time decay: a touch counts half as much for every half-life it lies before the close."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from services.attribution.domain.journeys.journeys import Floats
from services.attribution.domain.journeys.selection import Paths


@dataclass(frozen=True)
class TimeDecay:
    """Weight 2^(-(close - t) / half_life), continuous in time, then normalised per path."""

    half_life: timedelta

    def __post_init__(self) -> None:
        if self.half_life <= timedelta(0):
            raise ValueError("the half-life must be longer than zero")

    def weights(self, paths: Paths) -> Floats:
        """See `RuleModel`."""
        last = paths.at[np.maximum(paths.positions["last"], 0)] if paths.touches else paths.closed_at
        # Measured from the last touch, which normalises to the same: from a late close all could underflow to 0.
        age = (last[paths.journey] - paths.at) / (self.half_life / timedelta(microseconds=1))
        raw = np.exp2(-age)
        return raw / paths.sum(raw)[paths.journey]
