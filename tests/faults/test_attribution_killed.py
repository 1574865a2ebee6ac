"""kill -9 of attribution, wherever it is: nothing is lost, nothing counts twice."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from shared.settings import Settings
from tests.databases import fresh_database
from tests.engines import Engines
from tests.integration.attribution.company import random_company
from tests.integration.attribution.sending import send
from tests.integration.attribution.taking import Taking, split, taking
from tests.places import ROOT
from tests.processes import RunningService

Start = Callable[[str, Settings], RunningService]


async def until_it_is_as(one: Taking, other: Taking, service: RunningService, seconds: float = 90) -> None:
    """Wait until both say the same."""
    deadline, facts = time.monotonic() + seconds, await other.facts()
    while (found := await one.facts()) != facts:
        if time.monotonic() > deadline:
            assert found == facts, service.logs[-3000:]
        await asyncio.sleep(0.3)


async def test_killed_between_the_databases_commit_and_kafkas_it_counts_nothing_twice(
    engines: Engines, settings: Settings, run_service: Start, tmp_path: Path
) -> None:
    events = random_company(11)
    service = run_service("attribution", settings)
    service.kill()
    await send(settings, events)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLOSEDLOOP_")}
    dying = subprocess.run(
        [sys.executable, "-m", "tests.faults.dies_before_committing", "attribution"],
        cwd=ROOT,
        env={**environment, "CLOSEDLOOP_CONFIG": str(tmp_path / "attribution.yaml")},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert dying.returncode == -signal.SIGKILL, dying.stderr.decode()[-2000:]
    with fresh_database(engines.database_url) as url:
        async with taking(settings.postgres_url) as killed, taking(url) as whole:
            [stored] = await killed.rows("SELECT count(*) AS n FROM warehouse.fct_touchpoint")
            assert stored["n"] > 0, "it died before the database had committed"
            await whole.take(*events)
            service.start()
            await until_it_is_as(killed, whole, service.wait_ready())


async def test_killed_again_and_again_under_load_it_ends_where_it_would_have(
    engines: Engines, settings: Settings, run_service: Start
) -> None:
    chance = random.Random(13)
    events: list[msgspec.Struct] = random_company(13)
    with fresh_database(engines.database_url) as url:
        async with taking(settings.postgres_url) as killed, taking(url) as whole:
            await whole.take(*events)
            service = run_service("attribution", settings)
            for batch in split(chance.sample(events, len(events)), len(events) // 2 + 1):
                await send(settings, batch)
                await asyncio.sleep(chance.random())
                service.kill()
                service.start()
                service.wait_ready()
            await until_it_is_as(killed, whole, service)
