"""A consumer that is killed, and how soon its replacement works: Kafka waits ten seconds for a silent member."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.lifecycle.__main__ import READS
from shared import db
from shared.http.health import Health
from shared.kafka.consume import ConsumeLoop, Record
from shared.kafka.producer import Producer
from shared.settings import Settings
from tests.conftest import WRITE_KEY
from tests.processes import RunningService


@pytest.mark.parametrize(("name", "least", "most"), [("here", 0.0, 3.0), (None, 5.0, 20.0)], ids=["named", "nameless"])
async def test_who_takes_the_name_of_a_killed_consumer_takes_over_its_work_at_once(
    settings: Settings,
    run_service: Callable[[str, Settings], RunningService],
    name: str | None,
    least: float,
    most: float,
) -> None:
    named = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"instance": name})})
    ingest = await asyncio.to_thread(run_service, "ingest", named)
    killed = await asyncio.to_thread(run_service, "lifecycle", named)
    killed.kill()
    await asyncio.to_thread(_send, ingest, "meanwhile")

    started = time.monotonic()
    await _until_handled(named)
    assert least <= time.monotonic() - started < most


async def _until_handled(settings: Settings) -> None:
    """Run a consumer of lifecycle's group until it has some: in this process, so that no start is measured."""
    stop, pool, letters = asyncio.Event(), db.engine(settings.postgres_url), Producer(settings.kafka)

    async def some(connection: Any, records: Sequence[Record]) -> None:
        stop.set()

    async with asyncio.timeout(60):
        await ConsumeLoop(settings, "lifecycle", READS, some, pool, letters, Health()).run(stop)
    await letters.stop()
    await pool.dispose()


def _send(ingest: RunningService, name: str) -> None:
    now = datetime.now(UTC).isoformat()
    touch = {"id": name, "kind": "form_submit", "email": f"{name}@example.com", "occurred_at": now}
    httpx.post(f"{ingest.url}/v1/touchpoints", json=touch, headers={"X-Write-Key": WRITE_KEY}).raise_for_status()
