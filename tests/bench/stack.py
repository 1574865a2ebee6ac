"""The whole product on this machine for a benchmark: real engines and the services, each with its CPU time."""

import asyncio
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil
from pydantic import SecretStr

import migrations
from deploy.embedded import Kafka, Postgres, running
from deploy.embedded.ports import is_free
from deploy.supervise.backlog import BacklogReader
from shared.events import TOPICS
from shared.kafka.topics import ensure_topics
from shared.settings import Settings, Source
from shared.settings.model import Http
from shared.settings.model import Kafka as KafkaSettings
from tests.processes import RunningService

WRITE_KEY, SECRET_KEY = "bench-write-key", "bench-secret-key"


@dataclass
class Stack:
    """Where everything is, and the processes by name (`kafka`, `postgres`, and each service)."""

    settings: Settings
    services: dict[str, RunningService] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Ingest's port."""
        return self.settings.http.port

    def cpu(self) -> dict[str, float]:
        """CPU seconds used so far by each process, children included."""
        seconds = {name: _cpu_of(psutil.Process(service.pid)) for name, service in self.services.items()}
        for child in psutil.Process(os.getpid()).children():
            name = {"java": "kafka", "postgres": "postgres"}.get(child.name())
            if name:
                seconds[name] = _cpu_of(child)
        me = os.times()
        return seconds | {"load": me.user + me.system}

    def start(self, *names: str, folder: Path) -> None:
        """Start services and wait until they are ready."""
        for name in names:
            self.services[name] = RunningService(name, self.settings, folder)
        for name in names:
            self.services[name].wait_ready()


def _cpu_of(process: psutil.Process) -> float:
    """A process and its living children; what ended children used is in the parent's children_* times."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # PostgreSQL's workers come and go
        return 0.0
    own = times.user + times.system + times.children_user + times.children_system
    return own + sum(_cpu_of(child) for child in process.children())


def spent(before: dict[str, float], after: dict[str, float], events: int) -> str:
    """CPU milliseconds per 1,000 events of each process, as a note."""
    per = {name: (after[name] - before.get(name, 0)) * 1e6 / events for name in after}
    return "CPU ms/1k: " + ", ".join(f"{name} {ms:.0f}" for name, ms in per.items())


@contextmanager
def stack(*services: str) -> Iterator[Stack]:
    """Fresh engines with the named services on them; all gone at the end."""
    with ExitStack() as entered:
        folder = Path(entered.enter_context(tempfile.TemporaryDirectory(prefix="closedloop-bench-")))
        kafka = entered.enter_context(running(Kafka(folder / "data")))
        postgres = entered.enter_context(running(Postgres(folder / "data")))
        postgres.create_database()
        migrations.upgrade(postgres.url)
        port = next(p for p in range(21_000, 29_000, 3) if all(is_free(p + n) for n in range(3)))
        keys = Source(name="bench", write_key=SecretStr(WRITE_KEY), secret_key=SecretStr(SECRET_KEY), rate=None)
        settings = Settings(
            data=folder / "data",
            database_url=SecretStr(postgres.url),
            kafka=KafkaSettings(bootstrap=kafka.url),
            http=Http(port=port),
            sources=(keys,),
        )
        asyncio.run(ensure_topics(settings.kafka, TOPICS))
        result = Stack(settings)
        result.start(*services, folder=folder)
        try:
            yield result
        finally:
            for service in result.services.values():
                service.terminate()


async def rows_in(connection: asyncpg.Connection, relation: str) -> int:
    """How many rows a relation has."""
    count: int = await connection.fetchval(f"SELECT count(*) FROM {relation}")
    return count


async def wait_drained(settings: Settings, seconds: float = 600, without: Collection[str] = ()) -> float:
    """Wait until nothing waits anywhere, seen twice; the moment (time.monotonic) it was first seen so.

    `without` names the consumer groups whose service does not run.
    """
    ignored = {settings.group(name) for name in without}
    async with asyncio.timeout(seconds), BacklogReader(settings) as reader:
        first_seen: float | None = None
        while True:
            seen = await reader.look()
            waiting = {group: lag for group, lag in seen.lag.items() if group not in ignored}
            if any(waiting.values()) or seen.outbox or seen.dirty_deals:
                first_seen = None
            elif first_seen is None:
                first_seen = time.monotonic()
            else:
                return first_seen
            await asyncio.sleep(0.2)
