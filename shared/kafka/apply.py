"""Applying a batch: decode what can be decoded, handle it in one transaction, say what to do when that fails.

What a failure means is decided here and nowhere else:

    the engine is away    `Unavailable` or another transient error: the same batch may succeed later
    the version is wrong  `EngineError`: rights or tables are missing; nothing is given up, the process ends
    too much at once      `TooMuch`: a record in it is bad, or all of it is too slow; the loop takes fewer
    one bad record        it was alone: a dead letter, with the reason
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import db, metrics
from shared.command import CLOSEDLOOP
from shared.errors import AccessDenied, BadRecord, ClosedloopError, EngineError, Unavailable
from shared.events import decode
from shared.kafka.letters import letter_of
from shared.kafka.producer import Outgoing
from shared.settings import Settings

log = structlog.get_logger()

_ANSWERS_WITHIN = 10.0  # seconds, for a PostgreSQL that is well


class Record(NamedTuple):
    """A decoded record. `event` is the Struct; `topic` is without the prefix (`touchpoints`); `raw` is aiokafka's."""

    topic: str
    event: Any
    raw: Any


class Handler(Protocol):
    """Applies a batch inside the caller's transaction. Idempotent: the same batch may come again."""

    async def __call__(self, connection: db.Connection, records: Sequence[Record]) -> None: ...


class TooMuch(ClosedloopError):
    """A batch of several records failed by a fault of the data, or took too long: it is tried again in parts."""


class _TooSlow(Exception):
    """The handler did not end before the deadline though PostgreSQL answers."""


def engine_is_away(error: BaseException) -> bool:
    """True when the same batch may well succeed later: Kafka or PostgreSQL is at fault, not a record."""
    return isinstance(error, Unavailable) or db.is_transient(error)


class BatchApplier:
    """Turns raw Kafka records into committed rows, and what cannot be used into dead letters."""

    def __init__(self, settings: Settings, group: str, topics: dict[str, str], handler: Handler, pool: AsyncEngine):
        self._letters_topic = settings.topic("dead-letters")
        self._deadline = settings.consumer.deadline_seconds
        self._group = group
        self._topics = topics
        self._handler = handler
        self._pool = pool
        self._slow: tuple[Any, ...] | None = None  # where the record is that was too slow alone, once

    async def apply(self, raws: Sequence[Any]) -> list[Outgoing]:
        """Commit the records; return the dead letters still to be sent. Raises as the module's docstring says."""
        good: list[Record] = []
        bad: list[tuple[Any, str]] = []
        for raw in raws:
            try:
                good.append(Record(self._topics[raw.topic], decode(raw.value, raw.headers), raw))
            except BadRecord as error:
                bad.append((raw, str(error)))
            except Exception as error:  # noqa: BLE001 - whatever a record's bytes do to the decoder is its own fault
                bad.append((raw, f"{type(error).__name__}: {error}"))
        if good and (reason := await self._handled(good)):
            bad.append((good.pop().raw, reason))
        for topic, count in Counter(record.topic for record in good).items():
            metrics.RECORDS.labels(topic, "handled").inc(count)
        return [self._letter(raw, reason) for raw, reason in bad]

    async def _handled(self, records: Sequence[Record]) -> str | None:
        """Handle the records in one transaction. When there is only one and it is bad: the reason."""
        try:
            await self._once(records)
        except db.MISFIT as error:
            raise EngineError(
                f"{self._group}: the database does not fit this version ({error}). Migrate it with a login that owns "
                f"its tables: `{CLOSEDLOOP} up`, or `python -m migrations`."
            ) from error
        except Exception as error:
            if engine_is_away(error) or isinstance(error, AccessDenied):
                raise
            if len(records) > 1:
                raise TooMuch(f"{type(error).__name__.removeprefix('_')}: {error}") from error
            if isinstance(error, _TooSlow) and self._slow != (place := _place(records[0].raw)):
                self._slow = place
                raise Unavailable(f"one record alone {error}: it is tried once more") from error
            log.exception("record_failed", group=self._group, topic=records[0].topic)
            return f"{type(error).__name__.removeprefix('_')}: {error}"
        return None

    async def _once(self, records: Sequence[Record]) -> None:
        try:
            async with asyncio.timeout(self._deadline), db.transaction(self._pool) as connection:
                await self._handler(connection, records)
        except (TimeoutError, asyncpg.QueryCanceledError) as error:
            # Ours or the statement's own; a connection that could not be had in time is `Unavailable` already.
            await self._raise_if_away()
            raise _TooSlow(f"took longer than {self._deadline:g} s while PostgreSQL answered others") from error

    async def _raise_if_away(self) -> None:
        """Raises Unavailable when PostgreSQL does not answer a question that takes no time."""
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN), db.transaction(self._pool) as connection:
                await connection.fetchval("SELECT 1")
        except Exception as error:
            if isinstance(error, AccessDenied):
                raise
            raise Unavailable(f"PostgreSQL does not answer: {error!r}") from error

    def _letter(self, raw: Any, reason: str) -> Outgoing:
        topic = self._topics[raw.topic]
        metrics.DEAD_LETTERS.labels(self._group).inc()
        metrics.RECORDS.labels(topic, "dead").inc()
        return letter_of(self._letters_topic, self._group, topic, raw, reason)


def _place(raw: Any) -> tuple[Any, ...]:
    return raw.topic, raw.partition, raw.offset
