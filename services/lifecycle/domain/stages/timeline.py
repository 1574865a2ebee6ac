"""What sales did with a lead, act by act, and why an act was ignored."""

from collections.abc import Iterable
from typing import NamedTuple

from services.lifecycle.domain.stages.answer import RECYCLED
from services.lifecycle.domain.stages.fold import advance, in_order
from services.lifecycle.domain.stages.rules import ACTION, Lifecycle, is_action
from services.lifecycle.domain.stages.state import Signal, State

NEVER_IGNORED = (f"{ACTION}contacted", f"{ACTION}assigned")
"""Sales may call again and hand a lead on whenever they like."""


class Act(NamedTuple):
    """One act of sales. `ignored` says why it changed nothing; None: it counts."""

    signal: Signal
    ignored: str | None


def acts(first: Signal, signals: Iterable[Signal], config: Lifecycle) -> list[Act]:
    """Every act of sales in a lead's life, in the order of events."""
    state, _ = advance(State(version=config.version), first, config)
    found: list[Act] = []
    used: set[str] = set()
    for signal in in_order(first.at, signals):
        before = state
        state, transitions = advance(state, signal, config)
        used.update(transition.signal_id for transition in transitions)
        if is_action(signal.kind):
            found.append(Act(signal, _why(before, signal, config)))
    return [Act(s, None if s.id in used or s.kind in NEVER_IGNORED else why) for s, why in found]


def _why(state: State, signal: Signal, config: Lifecycle) -> str:
    """Why an act that moves nothing moves nothing."""
    what, answer, stage = signal.kind.removeprefix(ACTION), state.answer, state.stage or "person"
    if answer is not None and answer.decided_at is not None and what != RECYCLED:
        return f"sales answered this pass already: {answer.decision} at {answer.decided_at.isoformat()}"
    if config.rank[state.stage] < config.rank[config.lead_stage]:
        return f"a {stage} is not a lead yet, so it cannot be {what}"
    return f"a lead in the stage {stage} cannot be {what}"
