"""The money of every entry of many closes, split among their touches: a whole chunk at a time."""

from collections.abc import Sequence

import numpy as np

from services.attribution.domain.journeys.journeys import Floats, Ints
from services.attribution.domain.ledger.money import split_many


def entry_parts(nets: Sequence[Sequence[int]], weights: Floats, offsets: Ints) -> list[Ints]:
    """Per entry number an array over all touches: the minor units each touch gets of its close's entry of that number.

    `nets` per close: the net after each entry, in minor units. An entry's parts are the difference between the split
    of the net after it and of the net before, so that a full refund leaves every touch with nothing.
    """
    counts = np.diff(offsets)
    many = np.array([len(own) for own in nets], dtype=np.int64)
    before = np.zeros(len(weights), dtype=np.int64)
    rounds: list[Ints] = []
    for number in range(int(many.max(initial=0))):
        closes = np.flatnonzero((many > number) & (counts > 0))
        mine = np.repeat(many > number, counts)
        totals = np.array([nets[close][number] for close in closes.tolist()], dtype=np.int64)
        bounds = np.concatenate(([0], np.cumsum(counts[closes]))).astype(np.int64)
        after = before.copy()
        after[mine] = split_many(totals, weights[mine], bounds)
        rounds.append(after - before)
        before = after
    return rounds
