"""Applying a batch: decode what can be decoded, handle it in one transaction, find the record that makes it fail."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import db, metrics
from shared.errors import BadRecord, Unavailable
from shared.events import decode
from shared.kafka.letters import letter_of
from shared.kafka.producer import Outgoing
from shared.settings import Settings

log = structlog.get_logger()


class Record(NamedTuple):
    """A decoded record. `event` is the Struct; `topic` is without the prefix (`touchpoints`); `raw` is aiokafka's."""

    topic: str
    event: Any
    raw: Any


class Handler(Protocol):
    """Applies a batch inside the caller's transaction. Idempotent: the same batch may come again."""

    async def __call__(self, connection: db.Connection, records: Sequence[Record]) -> None: ...


def engine_is_away(error: BaseException) -> bool:
    """True when the same batch may well succeed later: Kafka or PostgreSQL is at fault, not a record."""
    return isinstance(error, Unavailable) or db.is_transient(error)


class BatchApplier:
    """Turns raw Kafka records into committed rows, and what cannot be used into dead letters."""

    def __init__(self, settings: Settings, group: str, topics: dict[str, str], handler: Handler, pool: AsyncEngine):
        self._letters_topic = settings.topic("dead-letters")
        self._group = group
        self._topics = topics
        self._handler = handler
        self._pool = pool

    async def apply(self, raws: Sequence[Any]) -> list[Outgoing]:
        """Commit all that can be; return the dead letters still to be sent. Raises only when an engine is away."""
        good: list[Record] = []
        letters: list[Outgoing] = []
        for raw in raws:
            try:
                good.append(Record(self._topics[raw.topic], decode(raw.value, raw.headers), raw))
            except BadRecord as error:
                letters.append(self._letter(raw, str(error)))
        letters += await self._handled(good)
        for topic, count in Counter(record.topic for record in good).items():
            metrics.RECORDS.labels(topic, "handled").inc(count)
        return letters

    async def _handled(self, records: Sequence[Record]) -> list[Outgoing]:
        """Handle the records in one transaction; on a fault of the data, halve until the bad record is alone."""
        if not records:
            return []
        try:
            async with db.transaction(self._pool) as connection:
                await self._handler(connection, records)
        except Exception as error:
            if engine_is_away(error):
                raise
            if len(records) == 1:
                log.exception("record_failed", group=self._group, topic=records[0].topic)
                return [self._letter(records[0].raw, f"{type(error).__name__}: {error}")]
            middle = len(records) // 2
            return [*await self._handled(records[:middle]), *await self._handled(records[middle:])]
        return []

    def _letter(self, raw: Any, reason: str) -> Outgoing:
        topic = self._topics[raw.topic]
        metrics.DEAD_LETTERS.labels(self._group).inc()
        metrics.RECORDS.labels(topic, "dead").inc()
        return letter_of(self._letters_topic, self._group, topic, raw, reason)
