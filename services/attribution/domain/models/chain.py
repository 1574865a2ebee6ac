"""The absorbing Markov chain behind `markov`: states, transitions and where paths end, counted from all paths."""

from dataclasses import dataclass

import numpy as np

from services.attribution.domain.journeys.journeys import Floats, Ints, Mask, add_up
from services.attribution.domain.journeys.selection import Paths


@dataclass(frozen=True)
class Chain:
    """Transition probabilities between states; a state is the latest `order` channels (fewer near a path's start).

    Per state: `channel` (its latest), `start` (probability that a path begins there), `conversion` (that it converts
    next) and `value` (the same weighted by the mean value of a conversion). Edge e leads from state `source[e]` to
    `target[e]` with `probability[e]`. What is missing to 1 is the way to (null).
    """

    channel: Ints
    start: Floats
    conversion: Floats
    value: Floats
    source: Ints
    target: Ints
    probability: Floats


def count(paths: Paths, order: int) -> Chain:
    """Count the chain of `order`; a journey weighs count + nulls, and repeats of a channel in a row are one visit."""
    facts = paths.journeys
    weight = (facts.count + facts.nulls)[paths.journey]
    used = weight > 0
    used[1:] &= (paths.channel[1:] != paths.channel[:-1]) | (paths.journey[1:] != paths.journey[:-1])
    journey, channel, weight = paths.journey[used], paths.channel[used], weight[used]
    begins = np.ones(len(journey), dtype=np.bool_)
    begins[1:] = journey[1:] != journey[:-1]
    ends = np.roll(begins, -1)
    state, latest = _states(channel, begins, order, len(paths.channels))
    n = len(latest)

    def per_state(at: Ints, weights: Floats) -> Floats:
        return add_up(at, weights, n)

    visits = np.maximum(per_state(state, weight), np.finfo(np.float64).tiny)
    within = ~begins[1:]
    edges, which = _edges(state[:-1][within], state[1:][within], n)
    source, target = np.divmod(edges, max(n, 1))
    flow = add_up(which, weight[1:][within], len(edges))
    last, closing = state[ends], journey[ends]
    conversion = per_state(last, facts.count[closing]) / visits
    start = per_state(state[begins], weight[begins])
    return Chain(
        channel=latest,
        start=start / max(start.sum(), np.finfo(np.float64).tiny),
        conversion=conversion,
        value=conversion
        * _mean_values(latest[last], facts.count[closing], facts.value[closing], len(paths.channels))[latest],
        source=source,
        target=target,
        probability=flow / visits[source],
    )


def _states(channel: Ints, begins: Mask, order: int, channels: int) -> tuple[Ints, Ints]:
    """Per touch its state's number, and per state its latest channel."""
    if order == 1:
        return channel, np.arange(channels)
    state = channel
    for _ in range(order - 1):
        # The latest m channels are the latest m-1 before this touch, then this touch; 0 stands for "no touch before".
        before = np.where(begins, 0, np.roll(state, 1) + 1)
        codes, state = np.unique(before * channels + channel, return_inverse=True)
    return state, codes % channels


def _edges(source: Ints, target: Ints, n: int) -> tuple[Ints, Ints]:
    """The different (source, target) pairs as source * n + target, and per transition which of them it is."""
    key = source * n + target
    if n * n <= 4 * len(key):
        # Few states, many transitions: every pair has its place and nothing needs sorting.
        return np.arange(n * n), key
    codes, which = np.unique(key, return_inverse=True)
    return codes, which


def _mean_values(last: Ints, conversions: Floats, value: Floats, channels: int) -> Floats:
    """Per channel the mean value of a conversion of the paths that end on it."""
    won = conversions > 0
    total = add_up(last[won], value[won], channels)
    return total / np.maximum(add_up(last[won], conversions[won], channels), np.finfo(np.float64).tiny)
