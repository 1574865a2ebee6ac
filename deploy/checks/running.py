"""Checks of what runs: do the engines answer, is everything made in them, are the services ready?"""

import asyncio
from collections.abc import Iterator

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

import migrations
from deploy.checks.finding import Finding, Situation
from deploy.supervise.services import why_not_ready
from shared.command import CLOSEDLOOP
from shared.events import TOPICS
from shared.kafka.access import client_options
from shared.settings.kafka import Kafka


def kafka(situation: Situation) -> Iterator[Finding]:
    """Does Kafka answer, and has it the topics?"""
    if situation.settings.kafka.bootstrap is None:
        yield Finding("warn", "kafka", "not running", f"Start it: {CLOSEDLOOP} up")
        return
    address = situation.settings.kafka.bootstrap
    try:
        there = asyncio.run(_topics(situation.settings.kafka))
    except (KafkaError, OSError, TimeoutError) as problem:
        yield Finding("fail", "kafka", f"{address}: {problem!r}", "Is CLOSEDLOOP_KAFKA right, and Kafka running?")
        return
    yield Finding("ok", "kafka", f"answers at {address}")
    missing = [name for name in map(situation.settings.topic, TOPICS) if name not in there]
    yield (
        Finding("fail", "topics", f"missing: {', '.join(missing)}", f"`{CLOSEDLOOP} up` makes them.")
        if missing
        else (Finding("ok", "topics", f"all {len(TOPICS)} are there"))
    )


def database(situation: Situation) -> Iterator[Finding]:
    """Does PostgreSQL answer, and is it migrated?"""
    if situation.settings.database_url is None:
        yield Finding("warn", "postgres", "not running", f"Start it: {CLOSEDLOOP} up")
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
        yield Finding("fail", "migrations", f"at {at}, newest is {migrations.head()}", f"`{CLOSEDLOOP} up` migrates.")


def services(situation: Situation) -> Iterator[Finding]:
    """Is each service ready?"""
    if situation.state is None:
        yield Finding("warn", "services", "not running", f"Start them: {CLOSEDLOOP} up")
        return
    for name, url in situation.state.http.items():
        why = why_not_ready(url)
        log = f"Look into {situation.settings.data.absolute() / 'logs' / name}.log"
        yield Finding("fail" if why else "ok", name, why or f"ready at {url}", log if why else "")


async def _topics(settings: Kafka) -> set[str]:
    admin = AIOKafkaAdminClient(**client_options(settings))
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
