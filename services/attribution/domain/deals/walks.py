"""Journeys of a run: what decided deals walked through and what came of it, counted per different path of channels.

    walks = Walks()
    walks.add(cases, touches, policy, rate)      # chunk by chunk; memory grows with the different paths only
    fit = Markov().fit(walks.paths())

A won deal is a conversion, worth its net amount now in the base currency (0 where no rate is known); a lost one is a
journey without a conversion. An open deal may yet become either, and a deleted one never was: they say nothing.
"""

import json
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise, takewhile

import numpy as np

from services.attribution.domain.deals.attribute import Case, Policy, Rate, journeys_of
from services.attribution.domain.deals.fold import Close, fold
from services.attribution.domain.deals.touches import Touches
from services.attribution.domain.deals.version import in_order
from services.attribution.domain.journeys.columns import Milestones, from_columns
from services.attribution.domain.journeys.selection import Paths, select
from shared.events.deal import Deal


def decided(versions: Sequence[Deal]) -> list[Close]:
    """The one close a run looks at: the standing booking of a won deal, the end of a lost one. Others have none."""
    ordered = in_order(versions)
    latest = ordered[-1]
    if latest.status == "won":
        return fold(ordered)[-1:]
    if latest.status != "lost":
        return []
    lost = list(takewhile(lambda deal: deal.status == "lost", reversed(ordered)))
    stated = [deal.closed_at for deal in lost if deal.closed_at is not None]
    closed_at = stated[0] if stated else lost[-1].updated_at
    return [Close(1, latest.currency, closed_at, closed_at, ())]


class Walks:
    """Per path of channels: conversions, their value and journeys without one. Deals without a touch have no path.

    `channel_rules` number the versions of the rules that the touches were classified by.
    """

    def __init__(self) -> None:
        self.deals = 0
        self.channel_rules: frozenset[int] = frozenset()
        self._walked: dict[tuple[str, ...], list[float]] = {}

    def add(self, cases: Sequence[Case], touches: Touches, policy: Policy, rate: Rate) -> None:
        """Count deals in; the closes of each case are those of `decided`."""
        closes = [close for case in cases for close in case.closes]
        self.deals += len(closes)
        paths = select(journeys_of(cases, touches), policy.rules)
        channels = [paths.channels[i] for i in paths.channel.tolist()]
        for close, (start, end) in zip(closes, pairwise(paths.offsets.tolist()), strict=True):
            if start == end:
                continue
            counted = self._walked.setdefault(tuple(channels[start:end]), [0.0, 0.0, 0.0])
            if not close.entries:
                counted[2] += 1
                continue
            known = rate(close.currency, close.rated_at.date())
            counted[0] += 1
            counted[1] += 0.0 if known is None else float(known * sum(entry.amount for entry in close.entries))

    def digest(self) -> str:
        """Equal for equal journeys."""
        return blake2b(json.dumps(sorted(self._walked.items())).encode(), digest_size=16).hexdigest()

    def paths(self) -> Paths:
        """What fitted models learn from, in the order of the paths: the same journeys give the same figures."""
        walked = sorted(self._walked.items())
        channels = sorted({channel for path, _ in walked for channel in path})
        number = {channel: n for n, channel in enumerate(channels)}
        counted = np.array([counts for _, counts in walked], dtype=np.float64).reshape(-1, 3)
        journeys = from_columns(
            tuple(channels),
            np.repeat(np.arange(len(walked)), [len(path) for path, _ in walked]).astype(np.int64),
            np.array([place for path, _ in walked for place in range(len(path))], dtype=np.int64),
            np.array([number[channel] for path, _ in walked for channel in path], dtype=np.int64),
            n_journeys=len(walked),
            milestones=Milestones(count=counted[:, 0], value=counted[:, 1], nulls=counted[:, 2]),
        )
        return select(journeys)
