"""The fold: a lead's state is its signals, in (time, id) order, put through `advance` one by one.

`advance` knows nothing of arrival. So a newer signal is one step from the stored state, and anything else (an older
signal, a merge, a changed account) is the same fold from the start: any order of arrival ends in the same state.
"""

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.lifecycle.domain.stages import answering
from services.lifecycle.domain.stages.answer import ACCEPTED, REJECTED, Answer
from services.lifecycle.domain.stages.rules import (
    ACTION,
    IDENTIFIED,
    SEEN,
    Lifecycle,
    Points,
    Rule,
    is_action,
    is_of_sales,
)
from services.lifecycle.domain.stages.state import Signal, State, Transition

NOTHING = Points(0, 0)


class Folded(NamedTuple):
    """A whole life: the state now and every transition that led to it."""

    state: State
    transitions: list[Transition]


def fold(first: Signal, signals: Iterable[Signal], config: Lifecycle) -> Folded:
    """Fold from first sight (`first`, of kind `seen`) through all signals, in any order given."""
    state, transitions = advance(State(version=config.version), first, config)
    for signal in in_order(first.at, signals):
        state, more = advance(state, signal, config)
        transitions += more
    return Folded(state, transitions)


def in_order(first_seen: datetime, signals: Iterable[Signal]) -> list[Signal]:
    """Signals in the order in which they count.

    What a person's company did before they were first seen counts from that sight on, and only as far as it still
    stands: whoever joins a customer is one from the first sight; a deal lost before does not count for them.
    """
    ordered = sorted(signals, key=lambda s: (s.at, s.id, s.kind != IDENTIFIED))  # an act counts once it identified
    before = [signal for signal in ordered if signal.at < first_seen]
    lost = {signal.deal_id for signal in before if signal.kind == "deal:lost"}
    standing = [signal._replace(at=first_seen) for signal in before if signal.deal_id not in lost]
    return standing + ordered[len(before) :]


def advance(state: State, signal: Signal, config: Lifecycle) -> tuple[State, list[Transition]]:
    """The state after one more signal, and the transitions it made (a signal may make several, each by its rule)."""
    before, state = state, copy(state)
    state.last = None if signal.kind == SEEN else (signal.at, signal.id)
    if state.barred and not is_of_sales(signal.kind):
        return state, []
    transitions = _step(state, signal, config)
    if is_action(signal.kind) and signal.kind != f"{ACTION}assigned" and _same_answers(before, state):
        recent = [act for act in state.early if signal.at - act.at <= config.sla.settle]
        state.early = (*recent, signal)
    elif state.answer is not None and state.cycle not in before.answers:
        # The lead has just become sales' own: what they answered a moment before, by their clock, they answer now.
        early, state.early = [*state.early, *([signal] if is_action(signal.kind) else [])], ()
        for act in early:
            if signal.at - act.at <= config.sla.settle:
                transitions += _step(state, act._replace(at=signal.at), config)
    return state, transitions


def _same_answers(before: State, after: State) -> bool:
    return all(answering.said(a) == answering.said(before.answers.get(n)) for n, a in after.answers.items())


def _step(state: State, signal: Signal, config: Lifecycle) -> list[Transition]:
    """Let a signal change the state, which is this fold's own copy; the transitions it makes."""
    _note(state, signal, config)
    transitions: list[Transition] = []
    for rule in config.rules_of(signal.kind):
        if _fires(rule, state, signal, config):
            transition = Transition(
                _cycle_after(state, rule, config), state.stage, rule.to, signal.at, rule.name, signal.reason, signal.id
            )
            _enter(state, transition, rule, signal, config)
            transitions.append(transition)
    return transitions


def _note(state: State, signal: Signal, config: Lifecycle) -> None:
    """What a signal changes whether or not a rule fires: points, open deals, contact, owner."""
    kind = signal.kind
    if kind in config.touch_signals:  # a kind without points is noted too: rules may ask for it
        grant = config.points.get(kind, NOTHING)
        state.points = {**state.points, kind: min(state.points.get(kind, 0) + grant.points, grant.cap)}
    elif kind == "deal:open":
        state.open_deals = (*state.open_deals, signal.deal_id or "")
    elif kind in ("deal:won", "deal:lost"):
        state.open_deals = tuple(d for d in state.open_deals if d != signal.deal_id)
    elif kind == f"{ACTION}contacted" and state.answer is not None:
        _answer(state, answering.contacted(state.answer, signal.at))
    elif kind == f"{ACTION}assigned" and signal.owner:
        _own(state, signal.owner)


def _fires(rule: Rule, state: State, signal: Signal, config: Lifecycle) -> bool:
    if rule.from_stages is None:
        least = config.rank[config.lead_stage] if is_action(signal.kind) else -1
        if not least <= config.rank[state.stage] < config.rank[rule.to]:
            return False
    elif state.stage not in rule.from_stages:
        return False
    if is_action(signal.kind) and rule.decision in (ACCEPTED, REJECTED) and state.answer and state.answer.decided:
        return False  # one pass, one answer
    if signal.kind not in rule.on:  # then it is a rule that fires by score
        return not is_of_sales(signal.kind) and state.score >= config.threshold
    if rule.after is not None and rule.after.isdisjoint(state.points):
        return False
    # A lost deal sends nobody back while another deal is open.
    return signal.kind != "deal:lost" or not state.open_deals


def _cycle_after(state: State, rule: Rule, config: Lifecycle) -> int:
    """The pass a rule leads to. A lead that sales answered comes back to them in a new pass, whatever the rule says."""
    answered = rule.to == config.sales_stage and state.answer is not None and state.answer.decided
    return state.cycle + (rule.new_cycle or answered)


def _enter(state: State, transition: Transition, rule: Rule, signal: Signal, config: Lifecycle) -> None:
    """Bring the state into the stage."""
    at, is_new = transition.at, transition.cycle != state.cycle
    waits_on = rule.to == config.sales_stage and not is_new
    if state.answer is not None:
        given = answering.after(state.answer, at, rule.decision, signal.reason, is_action(signal.kind), waits_on)
        _answer(state, msgspec.structs.replace(given, ended_at=at) if is_new else given)
    if is_action(signal.kind) and rule.decision == ACCEPTED and signal.owner:
        _own(state, signal.owner)
    if is_new:
        state.owner = None
    if rule.to == config.sales_stage and transition.cycle not in state.answers:
        state.answers = {**state.answers, transition.cycle: Answer(mql_at=at, owner=state.owner)}
    state.stage, state.since, state.cycle, state.barred = rule.to, at, transition.cycle, rule.bars
    if state.lead_created is None and _is_voluntary(rule, signal, config):
        state.lead_created = (at, signal.id)
    if rule.resets_score:
        state.points = {}


def _is_voluntary(rule: Rule, signal: Signal, config: Lifecycle) -> bool:
    """Whether the rule made a lead of the person by an act of their own.

    Not by what sales or a deal did, nor by becoming known (as an import makes people) unless an act came before.
    """
    own = not is_of_sales(signal.kind) and signal.kind != SEEN and (signal.kind != IDENTIFIED or rule.after is not None)
    is_lead = config.rank[rule.to] >= config.rank[config.lead_stage]
    return own and is_lead and not rule.bars and rule.decision != REJECTED


def _own(state: State, owner: str) -> None:
    state.owner = owner
    if state.answer is not None:
        _answer(state, msgspec.structs.replace(state.answer, owner=owner))


def _answer(state: State, answer: Answer) -> None:
    state.answers = {**state.answers, state.cycle: answer}
