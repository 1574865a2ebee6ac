"""Last non-direct: the latest touch whose channel is not Direct, for Direct often only ends what another began."""

from dataclasses import dataclass

import numpy as np

from services.attribution.domain.journeys.journeys import Floats
from services.attribution.domain.journeys.selection import Paths


@dataclass(frozen=True)
class LastNonDirect:
    """All credit to the last touch that is not Direct; to the last touch when all of them are."""

    def weights(self, paths: Paths) -> Floats:
        """See `RuleModel`."""
        weights = np.zeros(paths.touches)
        found = paths.positions["last"].copy()
        others = np.flatnonzero(~paths.is_direct)
        # Assigned in order of time: the latest wins.
        found[paths.journey[others]] = others
        weights[found[found >= 0]] = 1.0
        return weights
