"""Fixtures for tests on real engines. Each test has its own topics and its own database, so any order works.

engines       the session's Kafka and PostgreSQL (see tests/engines.py for where they come from)
database_url  a migrated, empty database
settings      Settings with that database, fresh topics and free ports
run_service   run_service("ingest", settings) -> RunningService, ready; stopped when the test ends
"""

import os
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr

from deploy.embedded.ports import is_free
from shared.events import TOPICS
from shared.kafka.topics import ensure_topics
from shared.settings import Settings, Source
from shared.settings.model import Http, Kafka
from tests.databases import fresh_database, run
from tests.engines import Engines, session_engines
from tests.processes import RunningService

WRITE_KEY, SECRET_KEY = "test-write-key", "test-secret-key"


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Where Kafka and PostgreSQL are; `database_url` there may create databases."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with session_engines(shared / "engines") as found:
        yield found


@pytest.fixture
def database_url(engines: Engines) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    with fresh_database(engines.database_url) as url:
        yield url


@pytest.fixture
def settings(engines: Engines, database_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings with fresh topics, a fresh database, free ports and one source with the keys above."""
    kafka = Kafka(bootstrap=engines.kafka, topic_prefix=f"test-{uuid.uuid4().hex[:12]}", partitions=3)
    run(ensure_topics(kafka, TOPICS))
    yield Settings(
        data=tmp_path / "data",
        database_url=SecretStr(database_url),
        kafka=kafka,
        http=Http(port=_three_free_ports()),
        sources=(Source(name="test", write_key=SecretStr(WRITE_KEY), secret_key=SecretStr(SECRET_KEY), rate=None),),
    )
    run(_delete_topics(kafka))  # hundreds of tests' topics would make the one broker slow


@pytest.fixture
def run_service(tmp_path: Path) -> Iterator[Callable[[str, Settings], RunningService]]:
    """Start a service as a process and wait until it is ready."""
    running: list[RunningService] = []

    def run(name: str, settings: Settings) -> RunningService:
        running.append(RunningService(name, settings, tmp_path))
        return running[-1].wait_ready()

    yield run
    for service in running:
        if service.process.poll() is None:
            service.kill()


def _three_free_ports() -> int:
    """The first of three free ports in a row, in a range that few other workers look at."""
    first = random.randrange(10_000, 19_000, 3)
    return next(port for port in range(first, first + 999, 3) if all(is_free(port + n) for n in range(3)))


async def _delete_topics(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    try:
        await admin.start()
        await admin.delete_topics([f"{kafka.topic_prefix}.{name}" for name in TOPICS])
    finally:
        await admin.close()
