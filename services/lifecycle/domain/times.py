"""Which times can be reckoned with: a CRM writes 9999 for "never", a broken clock year 1; sums with them overflow."""

from datetime import UTC, datetime

from shared.events.deal import Deal
from shared.events.lead_action import LeadAction
from shared.events.touchpoint import Touchpoint

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Far enough from the ends of the calendar for any budget or stretch of time to be added."""


def absurd_time(event: object) -> str | None:
    """The field of an event whose time is out of reckoning, with its value; None when all is well.

    When an open deal is expected to close is nobody's concern here, so that may say what it likes.
    """
    if type(event) is Touchpoint:
        if EARLIEST <= event.occurred_at < LATEST and EARLIEST <= event.received_at < LATEST:
            return None
        times = {"occurred_at": event.occurred_at, "received_at": event.received_at}
    elif isinstance(event, LeadAction):
        times = {"occurred_at": event.occurred_at, "received_at": event.received_at}
    elif isinstance(event, Deal):
        closed_at = None if event.status == "open" else event.closed_at
        named = {"created_at": event.created_at, "updated_at": event.updated_at, "closed_at": closed_at,
                 "received_at": event.received_at}  # fmt: skip
        times = {name: at for name, at in named.items() if at is not None}
    else:
        return None
    return next((f"{name} {at.date().isoformat()}" for name, at in times.items() if not EARLIEST <= at < LATEST), None)
