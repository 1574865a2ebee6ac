"""What is asked of a report: which months, as of when, in which periods."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

from shared.errors import ClosedloopError


class Period(StrEnum):
    """What a report's lines are told apart by, besides channel or source."""

    month = "month"
    quarter = "quarter"


class UnreadableTime(ClosedloopError):
    """A month or a time on the command line is none."""


class Asked(NamedTuple):
    """The months are their first days, both inclusive; None is without end. `as_of` None: what stands now."""

    model: str | None = None
    since: date | None = None
    until: date | None = None
    as_of: datetime | None = None


def month_of(text: str | None) -> date | None:
    """The first day of the month that `2026-03` or `2026-03-17` is in. Raises UnreadableTime."""
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d(-\d\d)?", text):
            return date.fromisoformat(text if len(text) > 7 else f"{text}-01").replace(day=1)
    except ValueError:
        pass
    raise UnreadableTime(f"{text!r} is no month; write it as 2026-03")


def stamp_of(text: str | None) -> datetime | None:
    """A time as a report prints it; one without a zone is UTC. Raises UnreadableTime."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableTime(f"{text!r} is no time; write it as a report does: 2026-03-31T22:00:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
