"""How long sales had and took. The calendar is always open: minutes are wall-clock minutes (business time comes later).

Two clocks run from the moment a lead is theirs. `contact` stops at the contact, or when no call is owed any more;
`decide` stops at the decision. A clock that stops exactly when it is due is in time.
"""

from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.clock.times import later
from services.lifecycle.domain.stages.answer import Answer
from services.lifecycle.domain.stages.rules import Sla

CONTACT, DECIDE = "contact", "decide"


class Step(NamedTuple):
    """An alarm: `what` is `contact_warning`, `contact_breached`, `decide_warning` or `decide_breached`."""

    what: str
    due_at: datetime


def due_at(clock: str, answer: Answer, sla: Sla) -> datetime:
    """When sales must have called, or decided."""
    return later(answer.mql_at, sla.contact if clock == CONTACT else sla.decide)


def steps(answer: Answer, sla: Sla) -> list[Step]:
    """The alarms of both clocks, whether or not they have stopped."""
    return [
        step
        for clock, budget in ((CONTACT, sla.contact), (DECIDE, sla.decide))
        for step in (
            Step(f"{clock}_warning", later(answer.mql_at, budget * sla.warn_at)),
            Step(f"{clock}_breached", later(answer.mql_at, budget)),
        )
    ]


def runs(answer: Answer, step: Step) -> bool:
    """Whether the clock of an alarm has not stopped, so that the alarm is still to come, or late."""
    return _stopped_at(answer, step) is None


def is_right(answer: Answer, step: Step) -> bool:
    """Whether an alarm that rang was right: its clock had not stopped when it was due."""
    stopped = _stopped_at(answer, step)
    return stopped is None or stopped > step.due_at


def breached(answer: Answer, sla: Sla, now: datetime) -> bool:
    """Whether contact or decision came, or at `now` is, too late."""
    stops = ((CONTACT, answer.contact_stopped_at), (DECIDE, answer.decided_at))
    return any((stopped or now) > due_at(clock, answer, sla) for clock, stopped in stops)


def _stopped_at(answer: Answer, step: Step) -> datetime | None:
    return answer.contact_stopped_at if step.what.startswith(CONTACT) else answer.decided_at
