"""The credit-earning touches of the people of some deals, as columns."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from services.attribution.domain.journeys import sessions
from services.attribution.domain.journeys.journeys import Ints, Mask, micros
from services.attribution.domain.journeys.selection import direct_channels


class Touched(NamedTuple):
    """A touch of a person of a deal; both are numbered by the caller. `channel_rules` numbers what classified it."""

    deal: int
    person: int
    touchpoint_id: str
    at: datetime
    channel: str
    source: str
    medium: str
    campaign: str | None
    channel_rules: int = 0


@dataclass(frozen=True)
class Touches:
    """Rows ordered by (deal, person, at, id). `at` in microseconds since 1970."""

    deal: Ints
    person: Ints
    at: Ints
    channel: Ints
    campaign: Ints
    ids: tuple[str, ...]
    channels: tuple[str, ...]

    @classmethod
    def of(cls, rows: Iterable[Touched]) -> Self:
        """Columns of rows in any order; a touch given twice for a deal counts once, whoever it is said to be of."""
        distinct = {(row.deal, row.touchpoint_id): row for row in sorted(rows, reverse=True)}
        ordered = sorted(distinct.values(), key=lambda row: (row.deal, row.person, row.at, row.touchpoint_id))
        channels: dict[str, int] = {}
        campaigns: dict[tuple[str, str, str | None], int] = {}
        for row in ordered:
            channels.setdefault(row.channel, len(channels))
            campaigns.setdefault((row.source, row.medium, row.campaign), len(campaigns))
        return cls(
            deal=_ints(row.deal for row in ordered),
            person=_ints(row.person for row in ordered),
            at=_ints(micros(row.at) for row in ordered),
            channel=_ints(channels[row.channel] for row in ordered),
            campaign=_ints(campaigns[row.source, row.medium, row.campaign] for row in ordered),
            ids=tuple(row.touchpoint_id for row in ordered),
            channels=tuple(channels),
        )

    @cached_property
    def opens_session(self) -> Mask:
        """Per touch, whether it is the entry of a session; a person known to two deals has sessions in each."""
        owner = self.deal * (int(self.person.max(initial=0)) + 1) + self.person
        return sessions.entries(owner, self.at, self.campaign, direct_channels(self.channels)[self.channel])

    @cached_property
    def rank(self) -> Ints:
        """Per touch the place of its id among all ids: what decides between touches of one moment."""
        place = {touchpoint_id: n for n, touchpoint_id in enumerate(sorted(set(self.ids)))}
        return _ints(place[touchpoint_id] for touchpoint_id in self.ids)


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)
