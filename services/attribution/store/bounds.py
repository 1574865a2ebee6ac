"""Times that stand for "no limit", so that a comparison needs no special case. PostgreSQL holds them as infinities."""

from datetime import UTC, datetime, timedelta

ALWAYS = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)


def earlier(at: datetime, by: timedelta) -> datetime:
    """The moment so long before; no earlier than ALWAYS, where a plain difference would overflow."""
    return ALWAYS if at - ALWAYS < by else at - by


def zoned(at: datetime) -> datetime:
    """A time as read from PostgreSQL: of the infinities asyncpg makes ALWAYS and FOREVER without their zone."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
