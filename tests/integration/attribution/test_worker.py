"""The task that takes up marks."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from services.attribution.recompute import worker as worker_module
from services.attribution.recompute.worker import Worker
from services.attribution.traffic import Traffic
from shared import db
from shared.events.spend import FxRate
from shared.events.touchpoint import Account
from tests.integration.attribution.company import day, deal, email, fx, person, touch
from tests.integration.attribution.taking import Taking


@asynccontextmanager
async def working(attribution: Taking) -> AsyncIterator[Worker]:
    """A worker at work."""
    stop, worker = asyncio.Event(), Worker(attribution.pool, attribution.terms, Traffic())
    task = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        await task


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 30) -> float:
    """How long it took to become true."""
    began = time.monotonic()
    while not await true():
        assert time.monotonic() < began + seconds
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def test_marks_are_taken_up_without_being_told(attribution: Taking) -> None:
    async with working(attribution):
        await attribution.batch(touch("1", 1), person(), deal("won", "100", 5))

        async def credited() -> bool:
            return await attribution.credited("last") == [("booked", "Paid Search", "100.00")]

        await until(credited)


async def test_a_deal_that_cannot_be_computed_is_set_aside_and_holds_up_no_other(attribution: Taking) -> None:
    others = [deal("won", "100", 5, deal_id=f"d{n}", account=Account(id=f"a{n}")) for n in range(2, 12)]
    absurd = fx("EUR", "USD", day(0).date(), "1000000000")
    mended = FxRate(day(0).date(), "EUR", "USD", Decimal("1.1"), day(1))

    async def others_computed() -> bool:
        found = await attribution.rows("SELECT count(DISTINCT deal_id) AS n FROM warehouse.fct_credit")
        return bool(found[0]["n"] == len(others))

    async def error() -> str | None:
        async with db.transaction(attribution.pool) as connection:
            why: str | None = await connection.fetchval("SELECT error FROM attribution.deal WHERE deal_id = 'd1'")
            return why

    async def set_aside() -> bool:
        return "OverflowError" in (await error() or "")

    async def computed() -> bool:
        return await attribution.credited("last") == [("booked", "Paid Search", "1100000000000.00")]

    async with working(attribution) as worker:
        await attribution.batch(touch("1", 1), person(), absurd, deal("won", "1e12", 5, currency="EUR"), *others)
        await until(others_computed)
        await until(set_aside)
        await attribution.batch(mended)
        worker.wake()
        await until(computed)
        assert await error() is None


async def test_an_import_is_computed_once_it_pauses_and_nothing_it_brings_is_superseded(attribution: Taking) -> None:
    async def computed() -> bool:
        found = await attribution.rows("SELECT count(DISTINCT deal_id) AS n FROM warehouse.fct_credit")
        return bool(found[0]["n"] == 600)

    async with working(attribution) as worker:
        for part in range(5):
            of = range(120 * part, 120 * (part + 1))
            deals = [deal("won", "100", 9, deal_id=f"d{n}", account=Account(id=f"a{n}")) for n in of]
            # Touches of people whose deals came before them, as those of an import do.
            late = [n - 120 for n in of if n >= 120]
            people = [person(f"p{n}", account=f"a{n}", identifiers=(email(f"p{n}@x.com"),)) for n in late]
            touches = [touch(f"t{n}", 1, email=f"p{n}@x.com") for n in late]
            await attribution.batch(*deals)
            await attribution.batch(*people, *touches)
            worker.wake()
            await asyncio.sleep(0.3)
        await until(computed)
    assert await attribution.rows("SELECT * FROM warehouse.fct_credit WHERE superseded_at IS NOT NULL LIMIT 1") == []


async def test_an_import_that_never_pauses_is_computed_all_the_same(
    attribution: Taking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_IMPORT_SECONDS", 2.0)
    stop = asyncio.Event()

    async def pour() -> None:
        n = 0
        while not stop.is_set():
            await attribution.batch(
                *(deal("won", "1", 5, deal_id=f"d{n}/{m}", account=Account(id=f"a{n}/{m}")) for m in range(150))
            )
            n += 1
            await asyncio.sleep(0.1)

    async def some_computed() -> bool:
        return bool(await attribution.rows("SELECT FROM warehouse.fct_credit LIMIT 1"))

    async with working(attribution):
        pouring = asyncio.create_task(pour())
        try:
            await until(some_computed)
        finally:
            stop.set()
            await pouring
