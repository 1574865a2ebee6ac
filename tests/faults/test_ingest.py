"""Ingest when things die: what was acknowledged is in Kafka, and what was not was never promised."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from deploy.embedded import Kafka, await_answer
from shared.events import TOPICS
from shared.events.ids import Sender
from shared.kafka.topics import ensure_topics
from shared.settings import Settings
from tests.integration.ingest.kafka_reader import events
from tests.processes import RunningService

WRITE = {"X-Write-Key": "test-write-key"}
RunService = Callable[[str, Settings], RunningService]


class Load:
    """Senders that never stop: what they sent, what was acknowledged, and how the rest was answered."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self.statuses: set[int] = set()
        self._stopping = False

    async def run(self, senders: int = 8) -> None:
        async with httpx.AsyncClient(timeout=60) as client:
            await asyncio.gather(*(self._send(client, number) for number in range(senders)))

    def stop(self) -> None:
        self._stopping = True

    async def _send(self, client: httpx.AsyncClient, sender: int) -> None:
        batch = 0
        while not self._stopping:
            batch += 1
            ids = [f"{self._name}-{sender}-{batch}-{n}" for n in range(5)]
            self.sent.update(ids)
            body = {"touchpoints": [{"id": i, "kind": "page_view", "anonymous_id": i} for i in ids]}
            try:
                answer = await client.post(f"{self._url}/v1/touchpoints", json=body, headers=WRITE)
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
                continue
            self.statuses.add(answer.status_code)
            if answer.status_code == 202:
                self.acknowledged.update(ids)


def _event_ids(client_ids: set[str]) -> set[str]:
    return {Sender("test").event_id(client_id) for client_id in client_ids}


async def _stored(settings: Settings) -> list[str]:
    return [event.touchpoint_id for event in await events(settings, "touchpoints")]


async def test_killed_under_load_ingest_has_kept_everything_it_acknowledged(
    settings: Settings, run_service: RunService
) -> None:
    service = run_service("ingest", settings)
    load = Load(service.url, "killed")
    sending = asyncio.create_task(load.run())
    for _ in range(2):
        await asyncio.sleep(1.5)
        service.kill()
        service.start()
        await asyncio.to_thread(service.wait_ready)
    await asyncio.sleep(1)
    load.stop()
    await sending
    stored = await _stored(settings)
    assert len(load.acknowledged) > 100
    assert _event_ids(load.acknowledged) <= set(stored) <= _event_ids(load.sent)
    assert len(stored) == len(set(stored)), "these senders never repeat, so nothing may be there twice"


async def test_asked_to_stop_under_load_ingest_finishes_what_it_has_and_exits_with_0(
    settings: Settings, run_service: RunService
) -> None:
    service = run_service("ingest", settings)
    load = Load(service.url, "stopped")
    sending = asyncio.create_task(load.run())
    await asyncio.sleep(1)
    code = await asyncio.to_thread(service.terminate)
    load.stop()
    await sending
    assert code == 0
    assert load.statuses == {202}
    assert _event_ids(load.acknowledged) <= set(await _stored(settings))


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Kafka]:
    """A Kafka of the test's own, to kill."""
    engine = Kafka(tmp_path / "engine")
    engine.prepare()
    yield engine


async def test_without_kafka_ingest_lives_says_503_with_when_to_come_again_and_recovers_by_itself(
    settings: Settings, run_service: RunService, own_kafka: Kafka
) -> None:
    here = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": own_kafka.url})})
    service = RunningService("ingest", here, own_kafka.log.parent.parent)
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
        await _until(client, "/health/live", 200)
        assert (await client.get("/health/ready")).status_code == 503
        await _refused(client, "before")

        broker = own_kafka.spawn()
        try:
            await asyncio.to_thread(await_answer, own_kafka, broker)
            await _until(client, "/health/ready", 200)
            load = Load(service.url, "broker")
            sending = asyncio.create_task(load.run())
            await asyncio.sleep(1)
            broker.kill()
            broker.wait()
            await _until(client, "/health/ready", 503)
            await _refused(client, "during")
            assert (await client.get("/health/live")).status_code == 200
            load.stop()
            await sending
            assert load.statuses == {202, 503}

            broker = own_kafka.spawn()
            await asyncio.to_thread(await_answer, own_kafka, broker)
            await _until(client, "/health/ready", 200)
            body = {"id": "after", "kind": "call", "user_id": "u"}
            assert (await client.post("/v1/touchpoints", json=body, headers=WRITE)).status_code == 202
            await ensure_topics(here.kafka, TOPICS)
            stored = set(await _stored(here))
            assert _event_ids(load.acknowledged | {"after"}) <= stored <= _event_ids(load.sent | {"after"})
        finally:
            service.kill()
            broker.kill()
            broker.wait()


@pytest.mark.parametrize("busy", [True, False], ids=["under load", "idle"])
async def test_when_kafka_freezes_readiness_goes_off_within_seconds_and_comes_back(
    busy: bool, settings: Settings, run_service: RunService, own_kafka: Kafka
) -> None:
    """A frozen broker keeps its connections open; only that it answers nothing tells."""
    broker = own_kafka.spawn()
    here = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap": own_kafka.url})})
    try:
        await asyncio.to_thread(await_answer, own_kafka, broker)
        service = await asyncio.to_thread(run_service, "ingest", here)
        load = Load(service.url, "frozen")
        sending = asyncio.create_task(load.run()) if busy else None
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
            await asyncio.sleep(1.5)
            broker.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            await _until(client, "/health/ready", 503)
            assert time.monotonic() - began < 8
            broker.send_signal(signal.SIGCONT)
            await _until(client, "/health/ready", 200)
            load.stop()
            if sending is not None:
                await sending
            body = {"id": "after", "kind": "call", "user_id": "u"}
            assert (await client.post("/v1/touchpoints", json=body, headers=WRITE)).status_code == 202
        stored = set(await _stored(here))
        assert _event_ids(load.acknowledged | {"after"}) <= stored <= _event_ids(load.sent | {"after"})
    finally:
        broker.send_signal(signal.SIGCONT)
        broker.kill()
        broker.wait()


async def _refused(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post("/v1/touchpoints", json={"id": name, "kind": "call", "user_id": "u"}, headers=WRITE)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def _until(client: httpx.AsyncClient, path: str, status: int) -> None:
    async with asyncio.timeout(90):
        while True:
            try:
                if (await client.get(path)).status_code == status:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)
