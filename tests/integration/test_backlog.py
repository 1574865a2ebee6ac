"""What waits is counted where it waits, and drained means that nothing waits anywhere."""

import asyncio

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from cli.commands.wait import TookTooLong, until_drained
from deploy.supervise.backlog import Backlog, BacklogReader
from shared.settings import Settings


async def test_records_wait_until_their_group_has_committed_them(settings: Settings) -> None:
    await _send(settings, "touchpoints", 7)
    async with BacklogReader(settings) as reader:
        before = await reader.look()
        await _consume(settings, "lifecycle", "touchpoints")
        after = await reader.look()

    lifecycle, attribution = settings.group("lifecycle"), settings.group("attribution")
    assert (before.lag[lifecycle], before.lag[attribution]) == (7, 7)
    assert (after.lag[lifecycle], after.lag[attribution]) == (0, 7)


async def test_an_empty_system_is_drained_at_once(settings: Settings) -> None:
    await until_drained(settings, seconds=30)


async def test_waiting_gives_up_with_what_still_waits(settings: Settings) -> None:
    await _send(settings, "deals", 3)

    with pytest.raises(TookTooLong, match=rf"{settings.group('lifecycle')} 3, {settings.group('attribution')} 3"):
        await until_drained(settings, seconds=0.1)


async def test_a_deal_to_compute_again_is_waited_for(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.postgres_url)
    await connection.execute(_MARK_A_DEAL)
    waiting = asyncio.create_task(until_drained(settings, seconds=60))
    await asyncio.sleep(2)
    assert not waiting.done()

    await connection.execute("DELETE FROM attribution.dirty_deal")
    await waiting
    await connection.close()


def test_a_backlog_is_told_by_its_parts() -> None:
    assert str(Backlog({"closedloop.lifecycle": 0}, 0, 0)) == "nothing"
    assert str(Backlog({"closedloop.lifecycle": 2}, 1, 0)) == "closedloop.lifecycle 2, outbox 1"


_MARK_A_DEAL = "INSERT INTO attribution.dirty_deal (deal_id) VALUES ('d')"


async def _send(settings: Settings, topic: str, count: int) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap) as producer:
        for number in range(count):
            await producer.send_and_wait(settings.topic(topic), b"{}", partition=number % settings.kafka.partitions)


async def _consume(settings: Settings, group: str, topic: str) -> None:
    consumer = AIOKafkaConsumer(
        settings.topic(topic),
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=settings.group(group),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer:
        seen = 0
        while seen < 7:
            seen += sum(map(len, (await consumer.getmany(timeout_ms=1000)).values()))
        await consumer.commit()
