"""A database of the first version, with leads that wait for sales, goes on under the present one."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import msgspec
import pytest
from sqlalchemy.engine import make_url

import migrations
from services.lifecycle.config import configured
from services.lifecycle.timers import Timers
from shared.events.stage_transition import StageTransition
from tests.engines import Engines
from tests.lifecycle.builders import World, action, at

ANN = "ann@acme.test"
PERSON = "01a20f5f-da7e-79c2-94ca-4c5e3ee3482e"
OLD = f"""
INSERT INTO lifecycle.identifier VALUES ('email', '{ANN}', '{PERSON}', $1, 'e1', $1);
INSERT INTO lifecycle.signal VALUES ('email', '{ANN}', $1, 'e1', 'meeting');
INSERT INTO lifecycle.person (person_id, email, stage, stage_since, first_seen_at, owner, score, state, digest)
VALUES ('{PERSON}', '{ANN}', 'mql', $1, $1, 'kim', 40, convert_to('{{"stage": "mql", "points": {{"meeting": 40}},
  "lead_at": "2026-01-01T00:00:00Z", "responses": {{"1": {{"mql_at": "2026-01-01T00:00:00Z"}}}}, "version": "old"}}',
  'utf8'), '\\x01');
INSERT INTO lifecycle.assignment VALUES ('{PERSON}', 1, 'kim');
INSERT INTO warehouse.fct_sales_response (person_id, cycle, owner, mql_at, due_at, breached)
VALUES ('{PERSON}', 1, 'kim', $1, $1 + interval '24 hours', false);
INSERT INTO lifecycle.sla_timer VALUES ('{PERSON}', 1, 'contact_warning', $1 + interval '12 hours', $1, $1);
INSERT INTO lifecycle.sla_timer VALUES ('{PERSON}', 1, 'contact_breached', $1 + interval '24 hours', $1, NULL);
INSERT INTO lifecycle.sla_timer VALUES ('{PERSON}', 1, 'decide_warning', $1 + interval '12 hours', $1, $1);
INSERT INTO lifecycle.sla_timer VALUES ('{PERSON}', 1, 'decide_breached', $1 + interval '24 hours', $1, NULL)
"""


@pytest.fixture
async def old(engines: Engines) -> AsyncIterator[str]:
    """The URL of a database of the first version with one lead that waits, half of whose alarms rang."""
    name = f"test_old_{uuid.uuid4().hex[:8]}"
    admin = await asyncpg.connect(engines.database_url)
    await admin.execute(f"CREATE DATABASE {name}")
    url = make_url(engines.database_url).set(database=name).render_as_string(hide_password=False)
    migrations.upgrade(url, "0005")
    connection = await asyncpg.connect(url)
    for statement in OLD.split(";\n"):
        await connection.execute(statement.replace("$1", f"timestamptz '{at(0).isoformat()}'"))
    await connection.close()
    yield url
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def test_a_lead_that_waits_is_answered_and_what_rang_does_not_ring_again(old: str) -> None:
    migrations.upgrade(old)
    world = World(old, {"owners": ["kim", "lee"]}, now=at(25 * 60))
    timers = Timers(world.pool, configured({}).lifecycle, lambda: world.now, lambda: None)
    assert await timers.ring() == 2
    await world.apply(action("a", 26 * 60, "accepted", ANN, owner="lee"))
    columns = "owner, decision, decided_at, breached, contact_due_at"
    assert await world.rows(f"SELECT {columns} FROM warehouse.fct_sales_response") == [
        ("lee", "accepted", at(26 * 60), True, at(24 * 60))
    ]
    assert await world.stages() == {ANN: "sal"}
    world.now += timedelta(days=9)
    assert await timers.ring() == 0
    rows = await world.rows("SELECT value FROM lifecycle.outbox WHERE topic = 'stage-transitions'")
    events = [msgspec.json.decode(value, type=StageTransition) for (value,) in rows]
    assert [e.event for e in events if e.rule.startswith("sla_")] == ["sla_breached", "sla_breached"]
    [person] = (await world.queued()).values()
    assert (person.lead_created_at, person.lead_created_by) == (at(0), "e1")
    await world.close()
