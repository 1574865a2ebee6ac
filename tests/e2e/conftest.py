"""Fixtures for whole runs. Engines are the session's, each test has its own database and topics on them."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from shared.events import TOPICS
from tests.databases import run
from tests.e2e.running import Closedloop
from tests.engines import Engines


@pytest.fixture
def closedloop(engines: Engines, database_url: str, tmp_path: Path) -> Iterator[Closedloop]:
    """The command on the session's engines, with an empty database and topics of its own."""
    prefix = f"e2e-{uuid.uuid4().hex[:12]}"
    given = {
        "CLOSEDLOOP_KAFKA": engines.kafka,
        "CLOSEDLOOP_DATABASE_URL": database_url,
        "CLOSEDLOOP_TOPIC_PREFIX": prefix,
    }
    yield Closedloop(tmp_path, given)
    run(_delete_topics(engines.kafka, prefix))


async def _delete_topics(kafka: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    try:
        await admin.start()
        await admin.delete_topics([f"{prefix}.{name}" for name in TOPICS])
    finally:
        await admin.close()
