"""A lifecycle as data: its stages, its entry rules and its points, made ready for the fold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

SEEN = "seen"
IDENTIFIED = "identified"
"""Two signals no event carries: the first sight of a person, and the first sight of a strong identifier of theirs."""

DEAL_SIGNALS = ("deal:open", "deal:won", "deal:lost")
ACTION = "action:"
"""What sales does arrives as `action:<what>`; touchpoints are signals under their own kind."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way into a stage.

    `on`: the kinds of signal that fire it. `after`: one of these kinds must have come in this pass.
    `score`: fires on any signal once the score reaches the threshold. `from_stages`: where it applies; None is every
    earlier stage (for what sales does: from the lead stage on, since nobody is accepted who never was a lead).
    `new_cycle`: a new pass begins. `resets_score`: points count anew from here. `bars`: from here only sales and deals
    move this lead. `decision`: what it means as sales' answer when the lead waits for one; `none`: it waits on.
    """

    name: str
    to: str
    on: frozenset[str] = frozenset()
    after: frozenset[str] | None = None
    score: bool = False
    from_stages: frozenset[str] | None = None
    new_cycle: bool = False
    resets_score: bool = False
    bars: bool = False
    decision: str = "accepted"


@dataclass(frozen=True, slots=True)
class Points:
    """What a kind adds to the score, and the most it may add in one pass."""

    points: int
    cap: int


@dataclass(frozen=True, slots=True)
class Sla:
    """How long sales has, wall-clock, from the moment a lead is theirs; a warning comes at `warn_at` of the budget.

    `settle` is how far two clocks may differ: an answer up to that long before its MQL was given at the MQL.
    """

    contact: timedelta
    decide: timedelta
    warn_at: float = 0.5
    settle: timedelta = timedelta(seconds=30)


@dataclass(frozen=True)
class Lifecycle:
    """Everything the fold needs. `version` is a hash of it: every transition says by which configuration it came."""

    stages: tuple[str, ...]
    rules: tuple[Rule, ...]
    points: Mapping[str, Points]
    threshold: int
    lead_stage: str
    sales_stage: str
    sla: Sla
    owners: tuple[str, ...]
    version: str
    rank: dict[str | None, int] = field(init=False)
    touch_signals: frozenset[str] = field(init=False)
    _rules_of: dict[str, tuple[Rule, ...]] = field(init=False)
    _score_rules: tuple[Rule, ...] = field(init=False)

    def __post_init__(self) -> None:
        named = {kind for rule in self.rules for kind in (*rule.on, *(rule.after or ()))} | set(self.points)
        rules_of = {kind: tuple(r for r in self.rules if r.score or kind in r.on) for kind in named}
        derived = {
            "rank": {None: -1} | {stage: index for index, stage in enumerate(self.stages)},
            "touch_signals": frozenset(k for k in named if k not in (SEEN, IDENTIFIED) and not is_of_sales(k)),
            "_rules_of": rules_of,
            "_score_rules": tuple(r for r in self.rules if r.score),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def rules_of(self, kind: str) -> tuple[Rule, ...]:
        """The rules a signal of this kind may fire, in the order of the configuration."""
        return self._rules_of.get(kind, self._score_rules)


def is_action(kind: str) -> bool:
    """Whether the signal is something sales did."""
    return kind.startswith(ACTION)


def is_of_sales(kind: str) -> bool:
    """Whether the signal comes from sales or a deal rather than from the person."""
    return kind.startswith((ACTION, "deal:"))
