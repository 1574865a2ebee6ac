"""kill -9 of the lifecycle between the database's commit and Kafka's: nothing is lost, nothing happens twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from services.lifecycle.config import configured
from shared.settings import Settings
from tests.integration.lifecycle.test_service import send, topic
from tests.lifecycle import reference, worlds
from tests.lifecycle.builders import World
from tests.places import ROOT
from tests.processes import RunningService

SECTION = {"owners": ["kim", "lee"]}


async def test_killed_between_the_databases_commit_and_kafkas_every_lead_is_as_if_nothing_happened(
    settings: Settings, run_service: Callable[[str, Settings], RunningService], tmp_path: Path
) -> None:
    events = worlds.events(99, 200)
    settings = settings.model_copy(update={"lifecycle": SECTION})
    service = run_service("lifecycle", settings)
    service.kill()
    await send(settings, events)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLOSEDLOOP_")}
    dying = subprocess.run(
        [sys.executable, "-m", "tests.faults.dies_before_committing", "lifecycle"],
        cwd=ROOT,
        env={**environment, "CLOSEDLOOP_CONFIG": str(tmp_path / "lifecycle.yaml")},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert dying.returncode == -signal.SIGKILL, dying.stderr.decode()[-2000:]
    world = World(settings.postgres_url)
    assert await world.rows("SELECT * FROM lifecycle.person LIMIT 1"), "it died before the database had committed"

    service.start()
    service.wait_ready()
    expected = reference.lives(events, configured(SECTION).lifecycle)
    deadline = time.monotonic() + 90
    while await world.rows("SELECT 1 FROM lifecycle.outbox") or len(await world.stages()) < len(expected):
        assert time.monotonic() < deadline, service.logs[-3000:]
        await asyncio.sleep(0.2)
    people = {event.person_id: event for event in await topic(settings, "people")}
    while (found := await world.lives(people)) != expected:
        assert time.monotonic() < deadline or found == expected, service.logs[-3000:]
        await asyncio.sleep(0.2)
        people = {event.person_id: event for event in await topic(settings, "people")}
    sent = [event for event in await topic(settings, "stage-transitions") if event.event == "transition"]
    stored = await world.rows("SELECT transition_id::text FROM warehouse.fct_stage_transition")
    assert {event.transition_id for event in sent} == {id_ for (id_,) in stored}
    await world.close()
