"""When something really happened, by our clock.

A time is absurd when no calendar of a business has it (the year 1, 1899, 9999: what programs write for no date); that
is rejected. A time may also be merely wrong (a clock that was never set, a year typed wrong): where the event is worth
keeping it is clamped to the time of receipt, with a flag.
"""

from datetime import UTC, date, datetime, timedelta

from services.ingest.domain.rejection import rejected

YEARS = range(1970, 2100)
"""The years a time may be in, as it was sent. Within them no arithmetic on times overflows."""
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
FUTURE = timedelta(days=1)
"""How far ahead of its receipt an event may claim to be: a wrong time zone is common, a wrong year is nonsense."""
CLAMPED, SENT_AT_IGNORED = "occurred_at_clamped", "sent_at_ignored"


def corrected(
    occurred_at: datetime | None, sent_at: datetime | None, received_at: datetime, path: str = "occurred_at"
) -> tuple[datetime, tuple[str, ...]]:
    """When it happened, UTC, and flags that say what was corrected.

    It is received - (sent - occurred), as Segment does: that takes the sender's clock out.

    Without `occurred_at` it happened when it was received. A time without an offset is UTC. A wrong result (before
    2000, or more than a day after the receipt) becomes `received_at`, with the flag `occurred_at_clamped`. An absurd
    `sent_at` is ignored, with the flag `sent_at_ignored`. Raises Rejected, under `path`, for an absurd `occurred_at`.
    """
    if occurred_at is None:
        return received_at, ()
    reference = received_at if sent_at is None else aware(sent_at)
    age = reference - aware(occurred_at)
    if age > received_at - OLDEST or age < -FUTURE:
        return _clamped(occurred_at, sent_at, received_at, path)
    return received_at - age, ()


def _clamped(
    occurred_at: datetime, sent_at: datetime | None, received_at: datetime, path: str
) -> tuple[datetime, tuple[str, ...]]:
    _in_calendar(occurred_at, path)
    if sent_at is not None and sent_at.year not in YEARS:
        at, flags = corrected(occurred_at, None, received_at, path)
        return at, (SENT_AT_IGNORED, *flags)
    return received_at, (CLAMPED,)


def clamped(moment: datetime, received_at: datetime, path: str, flags: list[str], flag: str) -> datetime:
    """A time that a CRM names, UTC. More than a day after its receipt it becomes that, and `flag` is added.

    Raises Rejected when it is absurd, or before the year 2000.
    """
    found = expected(moment, path)
    if found - received_at > FUTURE:
        flags.append(flag)
        return received_at
    return found


def expected(moment: datetime, path: str) -> datetime:
    """A time that may well lie in the future, UTC. Raises Rejected when it is absurd, or before the year 2000."""
    _in_calendar(moment, path)
    found = aware(moment).astimezone(UTC)
    if found < OLDEST:
        raise rejected(path, "is before the year 2000")
    return found


def day_of(day: date, path: str = "day") -> date:
    """A day in reports. Raises Rejected when it is absurd, or before the year 2000."""
    _in_calendar(day, path)
    if day < OLDEST.date():
        raise rejected(path, "is before the year 2000")
    return day


def aware(moment: datetime) -> datetime:
    """The moment with an offset: UTC unless it says otherwise."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _in_calendar(moment: date, path: str) -> None:
    if moment.year not in YEARS:
        raise rejected(path, f"is in the year {moment.year}, when nothing happened; leave out what is not known")
