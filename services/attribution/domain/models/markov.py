"""Markov attribution by removal effects (Anderl, Becker, von Wangenheim & Schumann 2016, Mapping the customer journey).

The removal effect of a channel is the part of all conversions that is lost when whoever reaches it goes to (null).
"""

from dataclasses import dataclass

import numpy as np

from services.attribution.domain.journeys.journeys import Floats, Mask, add_up
from services.attribution.domain.journeys.selection import Paths
from services.attribution.domain.models.chain import Chain, count
from services.attribution.domain.models.fitting import Fit, proportions

# Up to here a dense solve takes seconds and little memory; beyond (high orders) the same equations are iterated.
_DENSE = 1500
_SETTLED = 1e-14


@dataclass(frozen=True)
class Markov:
    """Credit in proportion to removal effects in an absorbing chain that remembers the latest `order` channels."""

    order: int = 1

    def __post_init__(self) -> None:
        if self.order < 1:
            raise ValueError("the Markov order must be 1 or more")

    def fit(self, paths: Paths) -> Fit:
        """See `FittedModel`. Value is shared by the removal effects on value, not by those on conversions."""
        facts = paths.journeys
        chain = count(paths, self.order)
        effect, effect_on_value = removal_effects(chain, len(paths.channels))
        share = proportions(effect)
        value_share = proportions(effect_on_value)
        walked = (paths.n > 0) & (facts.count > 0)
        return Fit(
            channels=paths.channels,
            removal_effect=effect,
            share=share,
            conversions=share * facts.count[walked].sum(),
            value=(value_share if value_share.any() else share) * facts.value[walked].sum(),
        )


def removal_effects(chain: Chain, channels: int) -> tuple[Floats, Floats]:
    """Per channel the part of conversions, and of value, that would be lost without it."""
    rewards = np.column_stack((chain.conversion, chain.value))
    solve = _closed_form if len(chain.channel) <= _DENSE else _iterated
    lost, base = solve(chain, rewards, channels)
    effects = lost / np.where(base != 0, base, 1.0) * (base != 0)
    return effects[:, 0], effects[:, 1]


def _closed_form(chain: Chain, rewards: Floats, channels: int) -> tuple[Floats, Floats]:
    """Lost and base reward from one inverse. With N = (I - Q)^-1, u = N r and s = start N, the reward that passes
    through the states K of a channel is s_K N_KK^-1 u_K: s_K N_KK^-1 is where K is entered first, u_K what follows.
    """
    n = len(chain.channel)
    transitions = np.zeros((n, n))
    transitions[chain.source, chain.target] = chain.probability
    fundamental = np.linalg.inv(np.eye(n) - transitions)
    visits, worth = chain.start @ fundamental, fundamental @ rewards
    lost = np.zeros((channels, rewards.shape[1]))
    for channel in range(channels):
        own = np.flatnonzero(chain.channel == channel)
        if len(own):
            lost[channel] = visits[own] @ np.linalg.solve(fundamental[np.ix_(own, own)], worth[own])
    return lost, chain.start @ worth


def _iterated(chain: Chain, rewards: Floats, channels: int) -> tuple[Floats, Floats]:
    """The same from the sparse equations u = r + Q u, with and without each channel's states."""
    base = chain.start @ _worth(chain, rewards, np.ones(len(chain.channel), dtype=np.bool_))
    kept = [chain.start @ _worth(chain, rewards, chain.channel != channel) for channel in range(channels)]
    return base - np.array(kept), base


def _worth(chain: Chain, rewards: Floats, alive: Mask) -> Floats:
    """Expected reward from each state when the states that are not alive lead to (null)."""
    rewards = np.where(alive[:, None], rewards, 0.0)
    edges = np.flatnonzero((chain.probability > 0) & alive[chain.source] & alive[chain.target])
    source, target = chain.source[edges], chain.target[edges]
    probability = chain.probability[edges]
    worth = rewards
    while True:
        flows = [add_up(source, probability * column[target], len(alive)) for column in worth.T]
        following = rewards + np.column_stack(flows)
        change = np.abs(following - worth).max()
        worth = following
        if change <= _SETTLED * np.abs(worth).max():
            return worth
