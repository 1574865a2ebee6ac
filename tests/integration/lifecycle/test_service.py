"""The lifecycle as a process: events in by Kafka, people and stage transitions out, leads over HTTP."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from shared.events import decode, encode, headers, type_of
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings
from tests.conftest import SECRET_KEY, WRITE_KEY
from tests.lifecycle.builders import World, action, at, touch
from tests.processes import RunningService

ANN = "ann@acme.test"
BEARER = {"Authorization": f"Bearer {SECRET_KEY}"}


async def send(settings: Settings, events: Sequence[Any]) -> None:
    """Put events on their topics, as ingest does."""
    producer = Producer(settings.kafka)
    await producer.start()
    await producer.send(
        [
            Outgoing(settings.topic(type_of(e).topic), b"k", encode(e), headers(type_of(e).name, str(n), "test", at(0)))
            for n, e in enumerate(events)
        ]
    )
    await producer.stop()


async def until(ready: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait until something is true; what it was."""
    deadline = time.monotonic() + seconds
    while not (found := await ready()):
        assert time.monotonic() < deadline, "it did not come to that in time"
        await asyncio.sleep(0.1)
    return found


async def test_a_lead_is_walked_by_events_and_by_sales_over_http(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    service = run_service("lifecycle", settings.model_copy(update={"lifecycle": {"owners": ["kim", "lee"]}}))
    await send(settings, [touch("1", 0, anonymous_id="w1"), touch("2", 1, "meeting", anonymous_id="w1", email=ANN)])
    async with httpx.AsyncClient(base_url=service.url, headers=BEARER) as http:

        async def stage_is(stage: str) -> Any:
            answer = await http.get(f"/v1/leads/{ANN}")
            return answer.json() if answer.status_code == 200 and answer.json()["stage"] == stage else None

        lead = await until(lambda: stage_is("mql"))
        assert [t["rule"] for t in lead["transitions"]] == ["first_seen", "identified", "voluntary_act", "request"]
        refused = await http.post(f"/v1/leads/{ANN}/actions", json={"action": "rejected"})
        assert refused.status_code == 422 and "reason" in refused.text
        taken = await http.post(f"/v1/leads/{lead['person_id']}/actions", json={"action": "accepted", "owner": "kim"})
        assert taken.status_code == 202
        lead = await until(lambda: stage_is("sal"))
        assert lead["owner"] == "kim"

    sent = await topic(settings, "stage-transitions")
    assert [event.to_stage for event in sent] == ["suspect", "prospect", "lead", "mql", "sal"]
    people = await topic(settings, "people")
    assert {i.value for i in people[-1].identifiers} == {"w1", ANN}
    assert service.terminate() == 0


async def test_http_says_what_is_wrong_with_a_key_or_a_lead(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    url = run_service("lifecycle", settings).url
    assert httpx.get(f"{url}/v1/leads/nobody").status_code == 401
    public = httpx.get(f"{url}/v1/leads/nobody", headers={"Authorization": f"Bearer {WRITE_KEY}"})
    assert public.status_code == 403
    unknown = httpx.get(f"{url}/v1/leads/nobody", headers=BEARER)
    assert unknown.status_code == 404 and "nobody" in unknown.json()["detail"]
    act = httpx.post(f"{url}/v1/leads/nobody/actions", headers=BEARER, json={"action": "accepted"})
    assert act.status_code == 404


async def test_an_action_on_a_person_who_does_not_exist_is_a_dead_letter(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    run_service("lifecycle", settings)
    await send(settings, [action("x", 0, "accepted", person_id="nobody"), touch("1", 0, email=ANN)])

    async def letters() -> Any:
        return await topic(settings, "dead-letters")

    [letter] = await until(letters)
    assert "'nobody'" in letter.reason and letter.topic == "lead-actions"
    world = World(settings.postgres_url)
    assert await until(world.stages) == {ANN: "prospect"}
    await world.close()


async def test_after_a_downtime_what_sales_did_meanwhile_is_read_before_anything_rings(
    settings: Settings, run_service: Callable[[str, Settings], RunningService]
) -> None:
    world = World(settings.postgres_url)
    await world.apply(*(touch(f"{n}", 0, "meeting", email=f"p{n}@acme.test") for n in range(300)))
    acts = [action(f"{what}{n}", 30, what, f"p{n}@acme.test") for n in range(300) for what in ("contacted", "accepted")]
    await send(settings, acts)
    run_service("lifecycle", settings.model_copy(update={"lifecycle": {"sla": {"settle_seconds": 1}}}))

    async def all_answered() -> bool:
        return await world.rows("SELECT count(decided_at - contacted_at) FROM warehouse.fct_sales_response") == [(300,)]

    await until(all_answered)
    await send(settings, [touch("late", 0, "meeting", email="late@acme.test")])

    async def alarms() -> list[Any]:
        return [event for event in await topic(settings, "stage-transitions") if event.rule.startswith("sla_")]

    rang = await until(alarms, seconds=60)  # the one who is late still rings, once all is read
    assert len({event.person_id for event in rang}) == 1
    await world.close()


async def topic(settings: Settings, name: str) -> list[Any]:
    """Every event on a topic now."""
    consumer = AIOKafkaConsumer(
        settings.topic(name), bootstrap_servers=settings.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        found: list[Any] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [decode(record.value, record.headers) for record in records]
        return found
    finally:
        await consumer.stop()
