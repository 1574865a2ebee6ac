"""How far the consumers are behind: what is not handled, not sent, not computed and not counted yet."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
)

from shared.command import CLOSEDLOOP
from shared.db import TRANSIENT
from shared.errors import EngineError, Unavailable
from shared.kafka.access import client_options
from shared.settings import Settings

CONSUMES: dict[str, tuple[str, ...]] = {
    "lifecycle": ("touchpoints", "deals", "lead-actions"),
    "attribution": ("touchpoints", "deals", "people", "spend"),
    "dead-letters": ("dead-letters",),
}
"""Consumer group -> the topics it takes, both without the prefix."""

ANSWERS_WITHIN = 30.0  # seconds
_OUTBOX = "SELECT count(*) FROM lifecycle.outbox"
_DIRTY = "SELECT count(*) FROM attribution.dirty_deal"
_MARKS = "SELECT count(*) FROM attribution.reach_mark"


class Backlog(msgspec.Struct, frozen=True):
    """What waits, in the order it flows: records by group, then outbox rows, then deals."""

    lag: dict[str, int]
    outbox: int
    dirty_deals: int
    uncounted: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits anywhere."""
        return not (any(self.lag.values()) or self.outbox or self.dirty_deals or self.uncounted)

    def __str__(self) -> str:
        """The parts that are not empty, such as `closedloop.lifecycle 120, outbox 3`."""
        return ", ".join(f"{name} {count}" for name, count in self.parts().items() if count) or "nothing"

    def parts(self) -> dict[str, int]:
        """How much waits, by where."""
        return {
            **self.lag,
            "outbox": self.outbox,
            "deals to compute": self.dirty_deals,
            "visitors to count": self.uncounted,
        }


class BacklogReader:
    """Looks at Kafka and PostgreSQL as often as asked, over connections it keeps: `async with BacklogReader(...)`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin = AIOKafkaAdminClient(**client_options(settings.kafka))
        self._consumer = AIOKafkaConsumer(**client_options(settings.kafka))

    async def __aenter__(self) -> Self:
        """Connect. Raises Unavailable."""
        try:
            await self._admin.start()
            await self._consumer.start()
            self._database = await asyncpg.connect(self._settings.postgres_url, timeout=10)
        except (KafkaError, *TRANSIENT) as problem:
            await self._close_kafka()
            raise Unavailable(f"Kafka or PostgreSQL does not answer: {problem!r}") from problem
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._close_kafka()
        await self._database.close(timeout=5)

    async def look(self) -> Backlog:
        """What waits now. The parts are read in the order of the flow: what left one is looked for in the next."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                ends = await self._ends()
                lag = {group: await self._lag(group, ends) for group in CONSUMES}
                outbox, dirty, marks = [int(await self._database.fetchval(q)) for q in (_OUTBOX, _DIRTY, _MARKS)]
        except (KafkaError, *TRANSIENT) as problem:
            raise Unavailable(f"Kafka or PostgreSQL does not answer: {problem!r}") from problem
        except asyncpg.UndefinedTableError as problem:
            raise EngineError(f"The database is not migrated ({problem}): `{CLOSEDLOOP} up` does that.") from problem
        return Backlog({self._settings.group(group): records for group, records in lag.items()}, outbox, dirty, marks)

    async def _ends(self) -> dict[TopicPartition, int]:
        """Where every partition ends now; a topic that is not there yet has none."""
        names = sorted({self._settings.topic(topic) for topics in CONSUMES.values() for topic in topics})
        topics = await self._admin.describe_topics(names)
        partitions = [TopicPartition(t["topic"], p["partition"]) for t in topics for p in t["partitions"]]
        return dict(await self._consumer.end_offsets(partitions))

    async def _lag(self, group: str, ends: Mapping[TopicPartition, int]) -> int:
        """Records written and not committed by the group; where it never committed, all that are kept."""
        topics = {self._settings.topic(topic) for topic in CONSUMES[group]}
        mine = {partition: end for partition, end in ends.items() if partition.topic in topics}
        committed = await self._committed(self._settings.group(group))
        fresh = [partition for partition, end in mine.items() if end and partition not in committed]
        starts = (await self._consumer.beginning_offsets(fresh)) if fresh else {}
        return sum(max(0, end - committed.get(p, starts.get(p, 0))) for p, end in mine.items())

    async def _committed(self, group: str) -> dict[TopicPartition, int]:
        while True:
            try:
                offsets = await self._admin.list_consumer_group_offsets(group)
                return {partition: kept.offset for partition, kept in offsets.items() if kept.offset >= 0}
            except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError):
                await asyncio.sleep(0.2)  # so it is for a moment after the first group's topic was made

    async def _close_kafka(self) -> None:
        await self._consumer.stop()
        await self._admin.close()
