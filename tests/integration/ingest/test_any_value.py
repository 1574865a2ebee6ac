"""Any value at any place, by real HTTP and through every service: no 5xx, no spoilt neighbour, no dead consumer."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx

from cli.commands.wait import until_drained
from services.ingest.http.routes import ROUTES
from shared.settings import Settings
from tests.processes import RunningService
from tests.unit.services.ingest.http.samples import NASTY, SAMPLES, broken, places

SECRET = {"Authorization": "Bearer test-secret-key"}
PLURAL = {route.path: route.reader.plural for route in ROUTES}
RunService = Callable[[str, Settings], RunningService]


async def test_nothing_that_can_be_sent_stops_a_service(
    settings: Settings, run_service: RunService, database_url: str
) -> None:
    services = [run_service(name, settings) for name in ("ingest", "lifecycle", "attribution")]
    accepted = 0
    with httpx.Client(base_url=services[0].url, timeout=30, headers=SECRET) as client:
        for path, sample in SAMPLES.items():
            for number, at in enumerate(places(sample)):
                accepted += send(client, path, sample, at, number)
    assert accepted > 100
    await until_drained(settings, seconds=120)
    assert [service.process.poll() for service in services] == [None] * 3
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT reason FROM ingest.dead_letter WHERE origin NOT LIKE 'ingest:%'")
        # Whom an act names is lifecycle's to know; anything else that gets past the door can be used.
        assert not [
            row["reason"] for row in rows if not row["reason"].startswith(("there is no person", "there is no owner"))
        ]
        assert await connection.fetchval("SELECT count(*) FROM warehouse.fct_touchpoint") > 100
    finally:
        await connection.close()


def send(client: httpx.Client, path: str, sample: dict[str, Any], at: tuple[Any, ...], number: int) -> int:
    """A batch in which every second item is broken at that place, by a fourth of the values; how many were accepted."""
    plural = PLURAL[path]
    good = itertools.count()
    items = []
    for index, value in enumerate(NASTY[number % 4 :: 4]):
        items.append(broken(sample | own_id(sample, f"{number}-{index}"), at, value))
        items.append(json.dumps(sample | own_id(sample, f"good-{next(good)}")).encode())
    answer = client.post(path, content=b'{"%s":[%s]}' % (plural.encode(), b",".join(items)))
    assert answer.status_code in (200, 202), (path, at, answer.text)
    if answer.status_code == 200:
        return 0
    outcome = answer.json()
    rejected = [item["index"] for item in outcome["rejected"]]
    rejected += [index for group in outcome.get("more", []) for index in group["indexes"]]
    assert not [index for index in rejected if index % 2], (path, at, outcome)
    assert outcome["accepted"] + len(rejected) == len(items)
    return int(outcome["accepted"])


def own_id(sample: dict[str, Any], id: str) -> dict[str, str]:
    return {"messageId" if "messageId" in sample else "id": id}
