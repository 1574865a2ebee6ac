"""What a record can do to a consumer: nothing, to any other record. On real Kafka and real PostgreSQL."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from shared.errors import AccessDenied, EngineError, Refused
from shared.events import headers
from shared.kafka.consume import Record
from shared.kafka.producer import RECORD_BYTES, Outgoing, Producer
from shared.settings import Settings
from tests.integration.shared.bench import NOW, a_record, bench, store


async def overflow(_: Any) -> None:
    datetime(9999, 12, 31, 23, tzinfo=UTC) + timedelta(days=1)


async def not_an_argument(connection: Any) -> None:
    await connection.execute("SELECT $1::timestamptz", datetime.max.replace(tzinfo=UTC) and "9999-12-31")


async def out_of_range(connection: Any) -> None:
    await connection.execute("SELECT '9999-01-01'::timestamptz + interval '290000 years'")


async def our_own_timeout(_: Any) -> None:
    async with asyncio.timeout(0.01):
        await asyncio.sleep(5)


async def statement_timeout(connection: Any) -> None:
    await connection.execute("SET LOCAL statement_timeout = '100ms'")
    await connection.execute("SELECT pg_sleep(5)")


async def too_long(connection: Any) -> None:
    await connection.execute("SELECT pg_sleep(60)")


FAULTS = {
    "OverflowError": overflow,
    "DataError": not_an_argument,
    "DatetimeFieldOverflowError": out_of_range,
    "TooSlow": our_own_timeout,
    "TooSlow: took longer than 1 s": too_long,
    "TooSlow: took": statement_timeout,
}


def impatient(settings: Settings) -> Settings:
    return settings.model_copy(update={"consumer": settings.consumer.model_copy(update={"deadline_seconds": 1.0})})


@pytest.mark.parametrize(("reason", "fault"), FAULTS.items(), ids=[fault.__name__ for fault in FAULTS.values()])
async def test_a_record_that_fails_in_any_way_is_a_dead_letter_and_holds_up_nobody(
    settings: Settings, reason: str, fault: Any
) -> None:
    async def fussy(connection: Any, records: Sequence[Record]) -> None:
        await store(connection, records)
        if any(record.event.source == "poison" for record in records):
            await fault(connection)

    async with bench(impatient(settings)) as on:
        good = [f"n{number:02}" for number in range(12)]
        await on.send(*good[:6], "poison", *good[6:])
        await on.handled_by(on.loop(fussy), good)
        assert sorted(set(await on.seen())) == good
        (letter,) = await on.dead_letters(1)
        assert letter.reason.startswith(reason)


async def test_a_batch_too_slow_as_a_whole_is_done_in_parts_and_loses_no_record(settings: Settings) -> None:
    sizes = []

    async def slow(connection: Any, records: Sequence[Record]) -> None:
        sizes.append(len(records))
        await store(connection, records)
        await connection.execute("SELECT pg_sleep($1)", len(records) * 0.05)

    async with bench(impatient(settings)) as on:
        names = [f"n{number:03}" for number in range(60)]
        await on.send(*names)
        await on.handled_by(on.loop(slow), names)
        assert await on.seen() == names
        assert max(sizes) > 20, "some batch was larger than what fits into the deadline"


async def test_who_waits_for_a_lock_is_not_slow_and_is_not_given_up(settings: Settings) -> None:
    waits = True

    async def blocked(connection: Any, records: Sequence[Record]) -> None:
        await store(connection, records)
        if waits:
            await connection.execute("LOCK TABLE gate")

    async with bench(impatient(settings)) as on:
        gate = await asyncpg.connect(settings.postgres_url)
        await gate.execute("CREATE TABLE gate ()")
        await gate.execute("BEGIN; LOCK TABLE gate")
        await on.send("a")
        running = asyncio.create_task(on.loop(blocked).run(on.stop))
        await asyncio.sleep(6)
        assert await on.seen() == []
        waits = False
        await gate.close()
        await on.until(["a"])
        on.stop.set()
        await running
        assert await on.seen() == ["a"]


async def test_a_record_no_decoder_can_read_at_all_is_a_dead_letter(settings: Settings) -> None:
    async with bench(settings) as on:
        topic = settings.topic("spend")
        strange = [
            (b"\xff\xfe", [("ce_type", b"closedloop.spend.v1")], 0),
            (b'{"a":' * 5000, [("ce_id", b"x"), ("ce_type", b"closedloop.spend.v1")], 1),
            (None, [("ce_id", b"x"), ("ce_type", b"\xff")], None),
            (b"{}", [], None),
        ]
        async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap) as foreign:
            for value, its_headers, at in strange:
                await foreign.send_and_wait(topic, value, key=b"k", headers=its_headers, timestamp_ms=at)
        await on.send("a", "b")
        await on.handled_by(on.loop(), ["a", "b"])
        assert len(await on.dead_letters(len(strange))) == len(strange)


async def test_missing_rights_or_tables_give_up_no_record_but_end_the_consumer_with_what_to_do(
    settings: Settings,
) -> None:
    async def elsewhere(connection: Any, records: Sequence[Record]) -> None:
        await connection.execute("INSERT INTO nowhere VALUES (1)")

    async with bench(settings) as on:
        await on.send("a", "b")
        with pytest.raises(EngineError, match="Migrate it"):
            async with asyncio.timeout(30):
                await on.loop(elsewhere).run(on.stop)
        await on.handled_by(on.loop(), ["a", "b"])


async def test_a_record_too_large_for_kafka_is_refused_at_once_and_the_next_ones_are_taken(settings: Settings) -> None:
    async with bench(settings) as on:
        huge = Outgoing(settings.topic("spend"), b"k", b"x" * (RECORD_BYTES + 1), headers("x", "x", "x", NOW))
        with pytest.raises(Refused, match="larger than Kafka takes"):
            await on.producer.send([a_record(settings, "a"), huge])
        await on.send("b")
        await on.handled_by(on.loop(), ["b"])


async def test_what_the_topic_itself_is_too_small_for_is_refused_and_not_unavailable(settings: Settings) -> None:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType  # noqa: PLC0415

    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    topic = settings.topic("spend")
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "20000"})])
    await admin.close()
    producer = Producer(settings.kafka)
    refused, sent = 0, False
    try:
        large = Outgoing(topic, b"k", b"x" * 30_000, headers("x", "x", "x", NOW))
        for _ in range(20):
            try:
                await producer.send([large])
            except Refused:
                refused += 1
                break
            except Exception:  # noqa: BLE001 - the batch is made smaller, try by try
                await asyncio.sleep(0.05)
        for _ in range(20):
            try:
                await producer.send([a_record(settings, f"n{number}") for number in range(500)])
                sent = True
                break
            except Exception:  # noqa: BLE001
                await asyncio.sleep(0.05)
    finally:
        await producer.stop()
    assert refused == 1
    assert sent


async def test_a_malformed_record_is_refused_and_the_connection_goes_on(settings: Settings) -> None:
    async with bench(settings) as on:
        malformed = Outgoing(settings.topic("spend"), b"k", b"x", [("ce_id", 7)])  # type: ignore[list-item]
        with pytest.raises(Refused, match="malformed"):
            await on.producer.send([malformed])
        await on.send("a")
        await on.handled_by(on.loop(), ["a"])


async def test_a_login_that_is_refused_ends_the_consumer_and_gives_up_no_record(settings: Settings) -> None:
    from shared import db  # noqa: PLC0415
    from shared.kafka.consume import ConsumeLoop  # noqa: PLC0415

    async with bench(settings) as on:
        await on.send("a")
        nobody = db.engine(settings.postgres_url, role="nobody_of_that_name")
        loop = ConsumeLoop(settings, "test", ["spend"], store, nobody, on.producer, on.health)
        with pytest.raises(AccessDenied, match="nobody_of_that_name"):
            async with asyncio.timeout(30):
                await loop.run(on.stop)
        await nobody.dispose()
        await on.handled_by(on.loop(), ["a"])
