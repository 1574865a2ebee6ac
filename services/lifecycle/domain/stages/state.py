"""What a fold takes and gives: signals, the state of a lead, and its transitions from stage to stage."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from services.lifecycle.domain.stages.answer import Answer


class Signal(NamedTuple):
    """Something that may move a lead. Signals sort by time, then id. `actor` and `source` say who acted for sales."""

    at: datetime
    id: str
    kind: str
    reason: str | None = None
    owner: str | None = None
    deal_id: str | None = None
    actor: str | None = None
    source: str | None = None


class Transition(NamedTuple):
    """A lead went from one stage to another, in this pass, by this rule, because of this signal."""

    cycle: int
    from_stage: str | None
    to_stage: str
    at: datetime
    rule: str
    reason: str | None
    signal_id: str


class State(msgspec.Struct, omit_defaults=True):
    """Where a lead stands. `points` per kind in this pass; `answers` per pass; `last` is the newest signal.

    `lead_created` is when, and by which event, the person first became a lead by an act of their own. `early` are acts
    of sales that answered nothing when they came: the lead may turn out to have been theirs by another clock.

    Nobody changes a state they were given, nor what is in it: `advance` works on a copy.
    """

    stage: str | None = None
    since: datetime | None = None
    cycle: int = 1
    points: dict[str, int] = {}
    lead_created: tuple[datetime, str] | None = None
    owner: str | None = None
    open_deals: tuple[str, ...] = ()
    barred: bool = False
    answers: dict[int, Answer] = {}
    early: tuple[Signal, ...] = ()
    last: tuple[datetime, str] | None = None
    version: str = ""

    @property
    def score(self) -> int:
        """The points of this pass."""
        return sum(self.points.values())

    @property
    def answer(self) -> Answer | None:
        """Sales' answer in this pass."""
        return self.answers.get(self.cycle)
