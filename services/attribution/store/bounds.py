"""Times that stand for "no limit" in the tables, so that a comparison needs no special case."""

from datetime import UTC, datetime

ALWAYS = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)
