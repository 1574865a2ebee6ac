"""When something really happened, by our clock."""

from datetime import UTC, datetime, timedelta

CLAMPED = "occurred_at_clamped"
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
FUTURE = timedelta(days=1)
"""How far ahead of its receipt an event may claim to be: a wrong time zone is common, a wrong year is nonsense."""


def corrected(
    occurred_at: datetime | None, sent_at: datetime | None, received_at: datetime
) -> tuple[datetime, tuple[str, ...]]:
    """When it happened, UTC, and flags that say what was corrected.

    It is received - (sent - occurred), as Segment does: that takes the sender's clock out.

    Without `occurred_at` it happened when it was received. A time without an offset is UTC. An absurd result (before
    2000, or more than a day after the receipt) becomes `received_at`, with the flag `occurred_at_clamped`.
    """
    if occurred_at is None:
        return received_at, ()
    reference = received_at if sent_at is None else aware(sent_at)
    age = reference - aware(occurred_at)
    if age > received_at - OLDEST or age < -FUTURE:
        return received_at, (CLAMPED,)
    return received_at - age, ()


def aware(moment: datetime) -> datetime:
    """The moment with an offset: UTC unless it says otherwise."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises OverflowError at the very ends of the calendar."""
    return aware(moment).astimezone(UTC)
