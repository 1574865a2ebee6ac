"""Arithmetic on times that cannot fail: a CRM's year 9999 plus a day is still the end of time, not an error."""

from datetime import UTC, datetime, timedelta

END = datetime.max.replace(tzinfo=UTC)
MOST_MINUTES = 2**31 - 1
"""The most an integer column holds; about 4,083 years."""


def later(moment: datetime, by: timedelta) -> datetime:
    """The moment `by` after another; the end of time when that lies beyond it."""
    try:
        return moment + by
    except OverflowError:
        return END


def minutes(since: datetime, until: datetime | None) -> int | None:
    """Whole minutes between two moments, none below zero; None while the second has not come."""
    if until is None:
        return None
    return min(max(0, (until - since) // timedelta(minutes=1)), MOST_MINUTES)
