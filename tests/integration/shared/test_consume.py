"""The one consume loop, on real Kafka and real PostgreSQL, with the faults it is there for."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.errors import TooManyBadRecords
from shared.events import headers
from shared.kafka.consume import Record
from shared.kafka.producer import Outgoing
from shared.settings import Settings
from tests.integration.shared.bench import NOW, bench, store


async def test_what_was_committed_is_not_handled_again(settings: Settings) -> None:
    async with bench(settings) as on:
        await on.send("a", "b", "c")
        await on.handled_by(on.loop(), ["a", "b", "c"])
        await on.send("d")
        await on.handled_by(on.loop(), ["d"])
        assert await on.seen() == ["a", "b", "c", "d"]


async def test_a_poison_record_becomes_a_dead_letter_and_the_partition_moves_on(settings: Settings) -> None:
    async def fussy(connection: Any, records: Sequence[Record]) -> None:
        if any(record.event.source == "poison" for record in records):
            raise ValueError("no such thing")
        await store(connection, records)

    async with bench(settings) as on:
        good = [f"n{number:02}" for number in range(40)]
        topic, now = settings.topic("spend"), headers("closedloop.spend.v9", "x", "test", NOW)
        unknown = Outgoing(topic, b"n01", b'{"later": 1}', now)
        await on.send(*good[:20], "poison")
        await on.producer.send([unknown])
        await on.send(*good[20:])
        await on.handled_by(on.loop(fussy), good)
        assert await on.seen() == good
        letters = {letter.reason: letter for letter in await on.dead_letters(2)}
        assert set(letters) == {"ValueError: no such thing", "unknown event type 'closedloop.spend.v9'"}
        assert letters["unknown event type 'closedloop.spend.v9'"].body == '{"later": 1}'


async def test_while_an_engine_is_away_the_batch_waits_and_nothing_is_lost(settings: Settings) -> None:
    failures = iter([ConnectionRefusedError("PostgreSQL is away"), ConnectionResetError("still away")])

    async def flaky(connection: Any, records: Sequence[Record]) -> None:
        await store(connection, records)
        for error in failures:
            raise error

    async with bench(settings) as on:
        await on.send("a", "b")
        await on.handled_by(on.loop(flaky), ["a", "b"])
        assert await on.seen() == ["a", "b"]
        assert not on.health.waiting


async def test_a_connection_that_postgresql_ends_in_mid_batch_is_no_loss(settings: Settings) -> None:
    ended = False

    async def cut_off_once(connection: Any, records: Sequence[Record]) -> None:
        nonlocal ended
        await store(connection, records)
        if not ended:
            ended = True
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    async with bench(settings) as on:
        await on.send("a", "b", "c")
        await on.handled_by(on.loop(cut_off_once), ["a", "b", "c"])
        assert ended
        assert await on.seen() == ["a", "b", "c"]


async def test_two_members_share_the_work_and_one_leaving_loses_nothing(settings: Settings) -> None:
    async def once(connection: Any, records: Sequence[Record]) -> None:
        await store(connection, records)
        await asyncio.sleep(0.05)

    async with bench(settings) as on:
        names = [f"n{number:04}" for number in range(300)]
        leaves = asyncio.Event()
        first = asyncio.create_task(on.loop(once).run(leaves))
        second = asyncio.create_task(on.loop(once).run(on.stop))
        for at in range(0, 300, 20):
            await on.send(*names[at : at + 20])
            if at == 140:
                leaves.set()
                await first
            await asyncio.sleep(0.05)
        await on.until(names)
        on.stop.set()
        await second
        assert sorted(set(await on.seen())) == names


async def test_mostly_bad_records_stop_the_consumer_loudly_and_stay_as_dead_letters(settings: Settings) -> None:
    async with bench(settings) as on:
        now = headers("closedloop.spend.v1", "x", "test", NOW)
        bad = [Outgoing(settings.topic("spend"), b"%d" % number, b"{", now) for number in range(400)]
        await on.producer.send(bad)
        with pytest.raises(TooManyBadRecords, match="mend the sender"):
            async with asyncio.timeout(60):
                await on.loop().run(on.stop)
        assert len(await on.dead_letters(250)) == 250


async def test_a_member_knows_when_it_has_read_what_waited(settings: Settings) -> None:
    names, allowed = [f"r{n}" for n in range(50)], asyncio.Event()

    async def slow(connection: Any, records: Sequence[Record]) -> None:
        await allowed.wait()
        await store(connection, records)

    async with bench(settings) as on:
        await on.send(*names)
        loop = on.loop(slow)
        running = asyncio.create_task(loop.run(on.stop))
        await asyncio.sleep(3)
        assert not loop.caught_up
        allowed.set()
        await on.until(names)
        async with asyncio.timeout(30):
            while not loop.caught_up:
                await asyncio.sleep(0.1)
        on.stop.set()
        await running
