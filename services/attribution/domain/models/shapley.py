"""Shapley value over channels (Shapley 1953; for attribution: Zhao, Mahboobi & Bagheri 2018, "Shapley Value Methods").

The worth v(S) of a coalition is the total of the converting journeys whose channels all lie in S. That game is a sum
of unanimity games, one per journey, so the value is exact and cheap: a journey gives 1/|set| to each of its channels.
"""

from dataclasses import dataclass

import numpy as np

from services.attribution.domain.journeys.journeys import Floats, add_up
from services.attribution.domain.journeys.selection import Paths
from services.attribution.domain.models.fitting import Fit, proportions


@dataclass(frozen=True)
class Shapley:
    """Exact Shapley shares in time linear in the touches; no sampling."""

    def fit(self, paths: Paths) -> Fit:
        """See `FittedModel`. Channels have no removal effect here (NaN)."""
        n = len(paths.channels)
        pairs = np.unique(paths.journey * n + paths.channel) if paths.touches else np.zeros(0, dtype=np.int64)
        journey, channel = np.divmod(pairs, max(n, 1))
        each = 1.0 / np.bincount(journey, minlength=len(paths.n))[journey]

        def total(per_journey: Floats) -> Floats:
            return add_up(channel, each * per_journey[journey], n)

        conversions = total(paths.journeys.count)
        return Fit(
            channels=paths.channels,
            removal_effect=np.full(n, np.nan),
            share=proportions(conversions),
            conversions=conversions,
            value=total(paths.journeys.value),
        )
