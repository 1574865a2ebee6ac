"""What fitted models have in common: channel shares learnt from all paths, then spread over each path.

fit = fitted_models()["markov"].fit(paths)      # paths of all journeys, those without a conversion included
weights = spread(paths, fit.shares)             # or the shares of a stored model_result
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from services.attribution.domain.journeys.journeys import Floats
from services.attribution.domain.journeys.selection import Paths


@dataclass(frozen=True)
class Fit:
    """One `model_result`, per channel. `removal_effect` is NaN for a model that has none."""

    channels: tuple[str, ...]
    removal_effect: Floats
    share: Floats
    conversions: Floats
    value: Floats

    @property
    def shares(self) -> dict[str, float]:
        """Channel -> share of all conversions; what `spread` takes."""
        return dict(zip(self.channels, self.share.tolist(), strict=True))


class FittedModel(Protocol):
    """A model that has to see all journeys before it can credit one."""

    def fit(self, paths: Paths) -> Fit:
        """Learn from `paths`, weighted by their journeys' count, value and nulls."""
        ...


def spread(paths: Paths, shares: Mapping[str, float]) -> Floats:
    """Weights per touch: the shares of the channels on a path, scaled to 1, each spread evenly over its touches there.

    A path none of whose channels has a share (a channel new since the fit) is credited evenly.
    """
    by_channel = np.array([max(shares.get(name, 0.0), 0.0) for name in paths.channels])
    if not paths.touches:
        return np.zeros(0)
    key = paths.journey * len(paths.channels) + paths.channel
    if len(paths.n) * len(paths.channels) <= 64 * paths.touches:
        repeats = np.bincount(key)[key]
    else:
        _, index, counts = np.unique(key, return_inverse=True, return_counts=True)
        repeats = counts[index]
    raw = by_channel[paths.channel] / repeats
    total = paths.sum(raw)[paths.journey]
    even = 1.0 / paths.n[paths.journey]
    return np.where(total > 0, raw / np.where(total > 0, total, 1.0), even)


def proportions(amounts: Floats) -> Floats:
    """Amounts scaled to sum to 1; all zero when there is nothing to share."""
    total = amounts.sum()
    return amounts / total if total else np.zeros_like(amounts)
