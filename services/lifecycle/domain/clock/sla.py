"""How long sales had and took. The calendar is always open: minutes are wall-clock minutes (business time comes later).

The contact clock stops at the contact or at the decision, whichever is first: a lead rejected unseen needs no call.
"""

from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.stages.fold import Response
from services.lifecycle.domain.stages.rules import Sla


class Timer(NamedTuple):
    """An alarm: `what` is `contact_warning`, `contact_breached`, `decide_warning` or `decide_breached`."""

    what: str
    due_at: datetime


def due_at(response: Response, sla: Sla) -> datetime:
    """When sales must have decided."""
    return response.mql_at + sla.decide


def timers(response: Response, sla: Sla) -> list[Timer]:
    """The alarms a still waiting lead needs; none once it is decided."""
    if response.decided_at is not None:
        return []
    clocks = [("decide", sla.decide)] if response.contacted_at else [("contact", sla.contact), ("decide", sla.decide)]
    return [
        timer
        for name, budget in clocks
        for timer in (
            Timer(f"{name}_warning", response.mql_at + budget * sla.warn_at),
            Timer(f"{name}_breached", response.mql_at + budget),
        )
    ]


def breached(response: Response, sla: Sla, now: datetime) -> bool:
    """Whether contact or decision came, or at `now` is, too late."""
    decided = response.decided_at or now
    touched = min(response.contacted_at or decided, decided)
    return touched > response.mql_at + sla.contact or decided > response.mql_at + sla.decide


def minutes(since: datetime, until: datetime | None) -> int | None:
    """Whole minutes between two moments; None while the second has not come."""
    return None if until is None else max(0, int((until - since).total_seconds() // 60))
