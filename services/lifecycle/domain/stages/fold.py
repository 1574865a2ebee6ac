"""The fold: a lead's state is its signals, in (time, id) order, put through `advance` one by one.

`advance` knows nothing of arrival. So a newer signal is one step from the stored state, and anything else (an older
signal, a merge, a changed account) is the same fold from the start: any order of arrival ends in the same state.
"""

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.lifecycle.domain.stages.rules import IDENTIFIED, SEEN, Lifecycle, Points, Rule, is_of_sales

NOTHING = Points(0, 0)


class Signal(NamedTuple):
    """Something that may move a lead. Signals sort by time, then id."""

    at: datetime
    id: str
    kind: str
    reason: str | None = None
    owner: str | None = None
    deal_id: str | None = None


class Transition(NamedTuple):
    """A lead went from one stage to another, in this pass, by this rule, because of this signal."""

    cycle: int
    from_stage: str | None
    to_stage: str
    at: datetime
    rule: str
    reason: str | None
    signal_id: str


class Response(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sales' answer to one pass: when the lead became theirs, when they contacted it, what they decided.

    `owner` is whom an action named; without one it is whose turn it was, which the fold does not know.
    """

    mql_at: datetime
    contacted_at: datetime | None = None
    decided_at: datetime | None = None
    decision: str | None = None
    reason: str | None = None
    owner: str | None = None


class State(msgspec.Struct, omit_defaults=True):
    """Where a lead stands. `points` per kind in this pass; `responses` per pass; `last` is the newest signal.

    Nobody changes a state they were given, nor what is in it: `advance` works on a copy.
    """

    stage: str | None = None
    since: datetime | None = None
    cycle: int = 1
    points: dict[str, int] = {}
    lead_at: datetime | None = None
    owner: str | None = None
    open_deals: tuple[str, ...] = ()
    barred: bool = False
    responses: dict[int, Response] = {}
    last: tuple[datetime, str] | None = None
    version: str = ""

    @property
    def score(self) -> int:
        """The points of this pass."""
        return sum(self.points.values())

    @property
    def response(self) -> Response | None:
        """Sales' answer in this pass."""
        return self.responses.get(self.cycle)


class Folded(NamedTuple):
    """A whole life: the state now and every transition that led to it."""

    state: State
    transitions: list[Transition]


def fold(first: Signal, signals: Iterable[Signal], config: Lifecycle) -> Folded:
    """Fold from first sight (`first`, of kind `seen`) through all signals, in any order given."""
    state, transitions = advance(State(version=config.version), first, config)
    for signal in sorted(signals, key=_order):
        state, more = advance(state, signal, config)
        transitions += more
    return Folded(state, transitions)


def _order(signal: Signal) -> tuple[datetime, str, bool]:
    return signal.at, signal.id, signal.kind != IDENTIFIED  # an act that identifies counts after the identification


def advance(state: State, signal: Signal, config: Lifecycle) -> tuple[State, list[Transition]]:
    """The state after one more signal, and the transitions it made (a signal may make several, each by its rule)."""
    transitions: list[Transition] = []
    if state.barred and not is_of_sales(signal.kind):
        after = copy(state)
        after.last = (signal.at, signal.id)
        return after, transitions
    state = _noted(state, signal, config)
    for rule in config.rules_of(signal.kind):
        if _fires(rule, state, signal, config):
            transition = Transition(
                state.cycle + rule.new_cycle, state.stage, rule.to, signal.at, rule.name, signal.reason, signal.id
            )
            _enter(state, transition, rule, config)
            transitions.append(transition)
    return state, transitions


def _noted(before: State, signal: Signal, config: Lifecycle) -> State:
    """What a signal changes whether or not a rule fires: points, open deals, contact, owner."""
    state, kind = copy(before), signal.kind
    state.last = None if kind == SEEN else (signal.at, signal.id)
    if kind in config.touch_signals:  # a kind without points is noted too: rules may ask for it
        grant = config.points.get(kind, NOTHING)
        state.points = {**state.points, kind: min(state.points.get(kind, 0) + grant.points, grant.cap)}
    elif kind == "deal:open":
        state.open_deals = (*state.open_deals, signal.deal_id or "")
    elif kind in ("deal:won", "deal:lost"):
        state.open_deals = tuple(d for d in state.open_deals if d != signal.deal_id)
    elif kind == "action:contacted" and state.response and state.response.contacted_at is None:
        state.responses = _answered(state, contacted_at=signal.at)
    elif kind in ("action:assigned", "action:accepted") and signal.owner:
        state.owner = signal.owner
        state.responses = _answered(state, owner=signal.owner)
    return state


def _fires(rule: Rule, state: State, signal: Signal, config: Lifecycle) -> bool:
    if rule.from_stages is None:
        if config.rank[state.stage] >= config.rank[rule.to]:
            return False
    elif state.stage not in rule.from_stages:
        return False
    if rule.score and signal.kind not in rule.on:
        return not is_of_sales(signal.kind) and state.score >= config.threshold
    if rule.after is not None and rule.after.isdisjoint(state.points):
        return False
    # A lost deal sends nobody back while another deal is open.
    return signal.kind in rule.on and not (signal.kind == "deal:lost" and state.open_deals)


def _enter(state: State, transition: Transition, rule: Rule, config: Lifecycle) -> None:
    """Bring the state, which is this fold's own copy, into the stage."""
    at, cycle = transition.at, transition.cycle
    waiting = state.response if state.stage == config.sales_stage else None
    if waiting is not None and waiting.decided_at is None:
        state.responses = _answered(state, decided_at=at, decision=rule.decision, reason=transition.reason or None)
    elif rule.to == config.sales_stage and cycle not in state.responses:
        owner = None if rule.new_cycle else state.owner
        state.responses = {**state.responses, cycle: Response(mql_at=at, owner=owner)}
    state.stage, state.since, state.cycle, state.barred = rule.to, at, cycle, rule.bars
    if rule.new_cycle:
        state.owner = state.lead_at = None
    is_lead = config.rank[rule.to] >= config.rank[config.lead_stage] and not rule.bars
    if is_lead and state.lead_at is None:
        state.lead_at = at
    if rule.resets_score:
        state.points = {}


def _answered(state: State, **changes: object) -> dict[int, Response]:
    """The responses with this pass's changed; as they are when the lead never came to sales."""
    if state.response is None:
        return state.responses
    return {**state.responses, state.cycle: msgspec.structs.replace(state.response, **changes)}
