"""Real engines for the tests, one pair for a whole session, however many workers it has.

Taken in this order, for each of the two: CLOSEDLOOP_KAFKA / CLOSEDLOOP_DATABASE_URL, Docker, embedded. None is a
failure, never a skip. What has to be started is started by a keeper, a process of its own (`python -m tests.engines`):
so it does not matter which worker comes first or leaves last. Every worker holds a shared lock on a file; when the
keeper gets that lock for itself, nobody is left, not even a killed worker, and it stops what it started.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from docker.errors import DockerException

from deploy.embedded import Kafka, Postgres, running
from deploy.embedded.processes import tail
from tests.places import ROOT

STARTS_WITHIN = 600.0  # seconds; the first start fetches Kafka, and other work may share the machine
Container = TypeVar("Container")


@dataclass(frozen=True)
class Engines:
    """Where the engines are. `database_url` may create databases; tests work in databases of their own."""

    kafka: str
    database_url: str


@contextmanager
def session_engines(folder: Path) -> Iterator[Engines]:
    """The engines of the session whose workers share `folder`."""
    given = Engines(os.environ.get("CLOSEDLOOP_KAFKA", ""), os.environ.get("CLOSEDLOOP_DATABASE_URL", ""))
    if given.kafka and given.database_url:
        yield given
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users.lock").open("w") as users, (folder / "start.lock").open("w") as start:
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(start, fcntl.LOCK_EX)
        if not (folder / "engines.json").exists():
            _start_keeper(folder)
        fcntl.flock(start, fcntl.LOCK_UN)
        yield Engines(**json.loads((folder / "engines.json").read_text()))


def _start_keeper(folder: Path) -> None:
    log = folder / "keeper.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.engines", str(folder)],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the tests; the keeper leaves when they have
        )
    deadline = time.monotonic() + STARTS_WITHIN
    while not (folder / "engines.json").exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            keeper.terminate()
            raise RuntimeError(f"no engines for the tests:\n{tail(log, 30)}")
        time.sleep(0.1)


def keep(folder: Path) -> None:
    """Start what the environment does not give, say where it is, stop it when the last user has left."""
    with ExitStack() as started:
        kafka = os.environ.get("CLOSEDLOOP_KAFKA") or started.enter_context(_kafka(folder))
        database_url = os.environ.get("CLOSEDLOOP_DATABASE_URL") or started.enter_context(_postgres(folder))
        unfinished = folder / "engines.json.unfinished"
        unfinished.write_text(json.dumps(asdict(Engines(kafka, database_url))))
        unfinished.rename(folder / "engines.json")
        with (folder / "users.lock").open("w") as users:
            fcntl.flock(users, fcntl.LOCK_EX)  # waits until no worker holds it
        (folder / "engines.json").unlink()
    shutil.rmtree(folder / "data", ignore_errors=True)


@contextmanager
def _kafka(folder: Path) -> Iterator[str]:
    # Imported here, as below: most sessions run unit tests, which need no engine.
    from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415

    if container := _in_docker(lambda: KafkaContainer("confluentinc/cp-kafka:8.1.0").with_kraft()):
        with container:
            yield container.get_bootstrap_server()
    else:
        with running(Kafka(folder / "data", progress=print)) as engine:
            yield engine.url


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415

    if container := _in_docker(lambda: PostgresContainer("postgres:18", driver=None)):
        with container:
            yield container.get_connection_url()
    else:
        with running(Postgres(folder / "data")) as engine:
            engine.create_database()
            yield engine.url


def _in_docker(make: Callable[[], Container]) -> Container | None:
    """The container, not started; None when this machine has no Docker."""
    try:
        return make()
    except DockerException:
        return None


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
