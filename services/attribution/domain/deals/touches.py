"""The credit-earning touches of the people of some deals, as columns."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt

from services.attribution.domain.journeys import sessions
from services.attribution.domain.journeys.journeys import Ints, Mask
from services.attribution.domain.journeys.selection import direct_channels

Halves = npt.NDArray[np.uint64]
"""Ids (UUIDs) as rows of two numbers, the higher half first, so that they sort as their text does."""


class Origin(NamedTuple):
    """Where a touch came from: its channel, and the campaign it is of."""

    channel: str
    source: str
    medium: str
    campaign: str | None


@dataclass(frozen=True, eq=False)
class Touches:
    """Rows ordered by (deal, person, at, id). `at` in microseconds since 1970; `origin` counts in `origins`.

    Deals and people are numbered by the caller.
    """

    deal: Ints
    person: Ints
    at: Ints
    origin: Ints
    ids: Halves
    origins: tuple[Origin, ...]

    @classmethod
    def of(cls, deal: Ints, person: Ints, at: Ints, origin: Ints, ids: Halves, origins: tuple[Origin, ...]) -> Self:
        """Columns of rows in any order; a touch given twice for a deal counts once, whoever it is said to be of."""
        kept = np.arange(len(deal)) if _distinct(deal, ids) else _first_of_each(deal, person, ids)
        order = kept[np.lexsort((ids[kept, 1], ids[kept, 0], at[kept], person[kept], deal[kept]))]
        return cls(deal[order], person[order], at[order], origin[order], ids[order], origins)

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """The channels' names."""
        return tuple(dict.fromkeys(origin.channel for origin in self.origins))

    @cached_property
    def channel(self) -> Ints:
        """Per touch its place in `channels`."""
        place = {channel: n for n, channel in enumerate(self.channels)}
        return np.array([place[origin.channel] for origin in self.origins], dtype=np.int64)[self.origin]

    @cached_property
    def opens_session(self) -> Mask:
        """Per touch, whether it is the entry of a session; a person known to two deals has sessions in each."""
        owner = self.deal * (int(self.person.max(initial=0)) + 1) + self.person
        campaigns: dict[tuple[str, str, str | None], int] = {}
        for origin in self.origins:
            campaigns.setdefault(origin[1:], len(campaigns))
        campaign = np.array([campaigns[origin[1:]] for origin in self.origins], dtype=np.int64)[self.origin]
        return sessions.entries(owner, self.at, campaign, direct_channels(self.channels)[self.channel])

    @cached_property
    def rank(self) -> Ints:
        """Per touch the place of its id among all ids: what decides between touches of one moment."""
        rank = np.empty(len(self.ids), dtype=np.int64)
        rank[np.lexsort((self.ids[:, 1], self.ids[:, 0]))] = np.arange(len(self.ids))
        return rank

    def texts(self) -> list[str]:
        """The ids as text."""
        return [str(UUID(int=high << 64 | low)) for high, low in self.ids.tolist()]


def _distinct(deal: Ints, ids: Halves) -> bool:
    """True when surely no touch is given twice for a deal: nearly always, and far quicker to see than to sort."""
    mixed = np.sort(ids[:, 1] ^ (deal.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)))
    return not bool((mixed[1:] == mixed[:-1]).any())


def _first_of_each(deal: Ints, person: Ints, ids: Halves) -> Ints:
    order = np.lexsort((person, ids[:, 1], ids[:, 0], deal)).astype(np.int64)
    again = np.zeros(len(order), dtype=np.bool_)
    own, of = ids[order], deal[order]
    again[1:] = (own[1:] == own[:-1]).all(axis=1) & (of[1:] == of[:-1])
    return order[~again]
