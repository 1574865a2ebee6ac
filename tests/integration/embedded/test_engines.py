"""Kafka and PostgreSQL as child processes: they start, keep what they are given, stop, and survive kill -9."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.embedded import Kafka, Postgres, await_answer, clear_leftovers, running
from deploy.embedded.engine import EngineDidNotStart
from deploy.embedded.processes import belonging_to, marker
from shared.kafka.topics import ensure_topics
from shared.settings.model import Kafka as KafkaSettings


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose name has a space, as people's folders do; nothing of it runs afterwards."""
    folder = tmp_path / "my data"
    yield folder
    assert belonging_to(folder) == []


def test_kafka_keeps_its_address_and_its_topics_over_a_restart(data: Path) -> None:
    with running(Kafka(data)) as kafka:
        first = kafka.url
        asyncio.run(ensure_topics(KafkaSettings(bootstrap=first), ["touchpoints"]))

    with running(Kafka(data)) as kafka:
        assert kafka.url == first
        assert asyncio.run(_topics(kafka.url)) == {"closedloop.touchpoints"}


def test_postgres_keeps_its_address_and_its_rows_over_kill_9(data: Path) -> None:
    postgres = Postgres(data)
    postgres.prepare()
    process = postgres.spawn()
    await_answer(postgres, process)
    postgres.create_database()
    asyncio.run(_query(postgres.url, "CREATE TABLE kept AS SELECT 42 AS answer"))
    process.kill()
    process.wait()

    with running(Postgres(data)) as again:
        assert again.url == postgres.url
        assert asyncio.run(_query(again.url, "SELECT answer FROM kept")) == 42
        assert asyncio.run(_query(again.url, "SHOW fsync")) == "on"


def test_what_a_killed_parent_leaves_behind_is_ended_by_the_next_start(data: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _START_AND_HANG, str(data)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    url = parent.stdout.readline().strip()
    parent.kill()
    parent.wait()

    clear_leftovers(data)

    assert belonging_to(data) == []
    with running(Postgres(data)) as again:
        assert again.url == url


def test_a_stranger_with_a_similar_command_line_is_left_alone(data: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    orphan = subprocess.Popen([*sleep, marker(data)])
    stranger = subprocess.Popen([*sleep, marker(data.with_name("my data of another project")), str(data)])
    try:
        assert clear_leftovers(data) == 1
        orphan.wait(timeout=10)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stale_pid_file_that_names_a_living_process_does_not_stop_postgres(data: Path) -> None:
    with running(Postgres(data)):
        server = next(p for p in belonging_to(data) if p.name() == "postgres")
        owner = server.uids().real
        content = (data / "postgres" / "cluster" / "postmaster.pid").read_text()
    stranger = subprocess.Popen(["sleep", "600"], user=owner, cwd="/")
    try:
        _, rest = content.split("\n", 1)
        (data / "postgres" / "cluster" / "postmaster.pid").write_text(f"{stranger.pid}\n{rest}")
        with running(Postgres(data)):
            assert psutil.pid_exists(stranger.pid)
    finally:
        stranger.kill()
        stranger.wait()


def test_an_engine_that_does_not_start_tells_its_last_log_lines(data: Path) -> None:
    postgres = Postgres(data)
    postgres.prepare()
    with (data / "postgres" / "cluster" / "postgresql.conf").open("a") as configuration:
        configuration.write("nonsense = 1\n")
    process = postgres.spawn()

    with pytest.raises(EngineDidNotStart, match=r'unrecognized configuration parameter "nonsense"'):
        await_answer(postgres, process)


_START_AND_HANG = """
import sys, time
from pathlib import Path
from deploy.embedded import Postgres, await_answer
postgres = Postgres(Path(sys.argv[1]))
postgres.prepare()
await_answer(postgres, postgres.spawn())
print(postgres.url, flush=True)
time.sleep(600)
"""


async def _topics(address: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def _query(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
