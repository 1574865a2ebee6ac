"""What the touches of many closes earn, a whole chunk at a time: exact weights, and money to the minor unit.

A weight is counted in parts of WHOLE, so that the weights of an entry and model come to exactly 1 and sales can be
added up as exactly as money. `credits_of` lays all models and closes end to end, so that one pass splits them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.attribution.domain.journeys.journeys import Floats, Ints
from services.attribution.domain.journeys.positions import BITS, NAMES, Positions
from services.attribution.domain.journeys.selection import Paths
from services.attribution.domain.ledger.money import WHOLE, split_whole, whole_weights

RULES, FITTED = 0, 1
"""The parts an entry's credits are kept in: what a run of the fitted models changes leaves the rules' as they are."""

LAST, NO_TOUCH = 16, 32
"""Bits beside `positions.BITS`: the latest touch of a deal that is not closed, and the absence of any touch."""


@dataclass(frozen=True, eq=False)
class Earned:
    """What one entry gives, under one or several models; whoever gets nothing is left out.

    `part` is RULES or FITTED. Per touch, earliest first: `touches` (its number among the chunk's touches; -1 where no
    touch can be credited) and `positions` (bits). Per credit, by model and then touch: `of_model` and `of_touch`
    (places in `models` and `touches`), `weights` in parts of WHOLE, and `amounts` in minor units; None where no rate is
    known.
    """

    part: int
    models: tuple[str, ...]
    touches: Ints
    positions: Ints
    of_model: Ints
    of_touch: Ints
    weights: Ints
    amounts: Ints | None


def earned(
    paths: Paths,
    weights: Mapping[str, Floats],
    entries: Sequence[int],
    nets: Sequence[Sequence[int] | None],
    part: int = RULES,
) -> list[list[Earned]]:
    """Per close what each of its entries gives under the models of `weights`.

    `entries` are how many each close has; `nets` the net after each of them, in minor units, None without a rate.
    What an entry gives is the difference between the split of the net after it and of the net before, so that a full
    refund leaves every touch with nothing.
    """
    models = tuple(sorted(weights))
    flat = _Flat.of(paths, [weights[model] for model in models])
    given = flat.split(nets)
    positions = bits(paths.positions, paths.touches)
    return [
        [
            flat.part(part, close, models, positions, given[number] if own is not None else None)
            for number in range(count)
        ]
        for close, (count, own) in enumerate(zip(entries, nets, strict=True))
    ]


@dataclass(frozen=True, eq=False)
class _Flat:
    """All credits of a chunk: by close, model and touch. `bounds` are where each close's begin and end."""

    source: Ints
    n_models: int
    path: Ints
    model: Ints
    weight: Ints
    bounds: Ints
    segments: Ints

    @classmethod
    def of(cls, paths: Paths, weights: Sequence[Floats]) -> "_Flat":
        closes, n_models = len(paths.n), len(weights)
        exact = whole_weights(np.array(weights).reshape(n_models, paths.touches), paths.offsets)
        model, path = np.nonzero(exact)
        weight = exact[model, path]
        # A close without touches gives all to nobody.
        empty = np.flatnonzero(paths.n == 0)
        close = np.concatenate((paths.journey[path], np.repeat(empty, n_models)))
        model = np.concatenate((model, np.tile(np.arange(n_models), len(empty))))
        path = np.concatenate((path, np.full(len(empty) * n_models, -1)))
        weight = np.concatenate((weight, np.full(len(empty) * n_models, WHOLE)))
        order = np.argsort(close * n_models + model, kind="stable")
        counts = np.bincount(close * n_models + model, minlength=closes * n_models)
        segments = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        bounds = segments[::n_models] if n_models else np.zeros(closes + 1, dtype=np.int64)
        source = paths.journeys.order[paths.source]
        return cls(source, n_models, path[order], model[order], weight[order], bounds, segments)

    def split(self, nets: Sequence[Sequence[int] | None]) -> list[Ints]:
        """Per entry number the minor units of every credit; of a close without that many entries, anything."""
        return entry_parts([own or () for own in nets], self.n_models, self.weight, WHOLE, self.segments)

    def part(self, part: int, close: int, models: tuple[str, ...], positions: Ints, amounts: Ints | None) -> Earned:
        own = slice(int(self.bounds[close]), int(self.bounds[close + 1]))
        path = self.path[own]
        used = np.unique(path)
        nobody = len(used) == 1 and used[0] < 0
        return Earned(
            part,
            models,
            used if nobody else self.source[used],
            np.array([NO_TOUCH]) if nobody else positions[used],
            self.model[own],
            np.searchsorted(used, path),
            self.weight[own],
            None if amounts is None else amounts[own],
        )


def entry_parts(
    nets: Sequence[Sequence[int]], models: int, weights: Ints, scale: int | None, offsets: Ints
) -> list[Ints]:
    """Per entry number the minor units that each credit gets: the split of the net after it, less that of the net
    before. `nets` per close; each close has a segment of whole `weights` per model, which come to `scale` (see
    `money.split_whole`)."""
    before = np.zeros(len(weights), dtype=np.int64)
    given = []
    for number in range(max(map(len, nets), default=0)):
        totals = np.array([own[number] if len(own) > number else 0 for own in nets], dtype=np.int64)
        after = split_whole(np.repeat(totals, models), weights, scale, offsets)
        given.append(after - before)
        before = after
    return given


def bits(positions: Positions, touches: int) -> Ints:
    """Per touch its positions, added up: `positions.BITS`, and LAST for a last touch that is not the closing one."""
    held = np.zeros(touches, dtype=np.int64)
    for name in NAMES:
        at = positions[name][positions[name] >= 0]
        if name == "last":
            at = at[(held[at] & BITS["closed"]) == 0]
        held[at] |= BITS.get(name, LAST)
    return held
