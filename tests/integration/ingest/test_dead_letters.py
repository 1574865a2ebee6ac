"""Dead letters reach their table once, and PostgreSQL's absence keeps no event out."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
from pydantic import SecretStr

from shared.settings import Settings
from tests.integration.ingest.kafka_reader import events
from tests.processes import RunningService

WRITE = {"X-Write-Key": "test-write-key"}
RunService = Callable[[str, Settings], RunningService]


async def _stored(url: str, at_least: int) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(60):
            while True:
                rows: list[Any] = await connection.fetch("SELECT * FROM ingest.dead_letter")
                if len(rows) >= at_least:
                    return rows
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def test_a_rejected_item_is_stored_whole_and_once(
    settings: Settings, run_service: RunService, database_url: str
) -> None:
    service = run_service("ingest", settings)
    for items in (["x\u0000", {"id": "1"}], [{"id": "1"}], [{"id": "2", "kind": "nope", "user_id": "u"}]):
        httpx.post(f"{service.url}/v1/touchpoints", json={"touchpoints": items}, headers=WRITE)
    rows = {row["body"]: row for row in await _stored(database_url, 3)}
    await asyncio.sleep(0.5)
    assert len(await _stored(database_url, 3)) == 3
    row = rows['{"id": "2", "kind": "nope", "user_id": "u"}'.replace(": ", ":").replace(", ", ",")]
    assert (row["origin"], row["source"], row["topic"]) == ("ingest:/v1/touchpoints", "test", "touchpoints")
    assert row["reason"].startswith("kind: must be one of")


async def test_events_are_taken_in_while_postgresql_is_away(settings: Settings, run_service: RunService) -> None:
    nowhere = settings.model_copy(update={"database_url": SecretStr("postgresql://nobody@127.0.0.1:1/none")})
    service = run_service("ingest", nowhere)
    body = {"touchpoints": [{"id": "1", "kind": "call", "user_id": "u"}, {"id": "2"}]}
    answer = httpx.post(f"{service.url}/v1/touchpoints", json=body, headers=WRITE)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert httpx.get(f"{service.url}/health/ready").status_code == 200
    assert len(await events(settings, "touchpoints")) == 1
    assert service.terminate() == 0
