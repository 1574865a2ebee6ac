"""Events per second from HTTP until every table is written, and how long one event takes at a steady rate."""

import asyncio
import json
import time

import asyncpg
import uvloop

from shared.events.ids import Sender
from tests.bench.floors import copied, fetched
from tests.bench.load import closed_loop, open_loop, request
from tests.bench.rows import Row, show
from tests.bench.stack import WRITE_KEY, Stack, rows_in, spent, stack, wait_drained
from tests.bench.workload import batches

EVENTS = 200_000
STEADY_SECONDS, STEADY_RATE, STEADY_BATCH = 30, 1_000, 10


async def _throughput(on: Stack, requests: list[bytes], events: int) -> Row:
    connection = await asyncpg.connect(on.settings.postgres_url)
    there = await rows_in(connection, "warehouse.fct_touchpoint")
    before, began = on.cpu(), time.monotonic()
    answers = await closed_loop(on.port, requests, connections=8)
    if answers.failed:
        raise RuntimeError(f"{answers.failed} requests failed; the first: {answers.first_failure}")
    done = await wait_drained(on.settings)
    stored = await rows_in(connection, "warehouse.fct_touchpoint") - there
    least = (await fetched(on.settings, "touchpoints") + await copied(connection, "warehouse.fct_touchpoint")) / (
        there + stored
    )
    await connection.close()
    if stored != events:
        raise RuntimeError(f"{events} events were acknowledged, {stored} are in the warehouse")
    note = f"acknowledged in {answers.seconds:.1f} s; {spent(before, on.cpu(), events)}"
    floor = "the same records fetched by a bare consumer, then the same rows copied into a bare table"
    return Row("whole pipeline, all tables written", events / (done - began), "events/s", note, 1 / least, floor)


async def _latency(on: Stack) -> list[Row]:
    bodies = batches(STEADY_SECONDS * STEADY_RATE, "steady", STEADY_BATCH)
    requests = [request("/v1/touchpoints", body, WRITE_KEY) for body in bodies]
    sender = Sender("bench")
    probes = [sender.event_id(json.loads(body)["touchpoints"][0]["id"]) for body in bodies]
    sent: list[float] = []
    connection = await asyncpg.connect(on.settings.postgres_url)
    seen: dict[str, float] = {}

    async def look() -> None:
        """Which probes are in the warehouse, and when they were first seen there; a look every 10 ms."""
        while len(seen) < len(probes):
            await asyncio.sleep(0.01)
            waiting = [probe for probe in probes[: len(sent)] if probe not in seen]
            found = await connection.fetch(
                "SELECT touchpoint_id::text FROM warehouse.fct_touchpoint WHERE touchpoint_id = ANY($1::uuid[])",
                waiting,
            )
            seen.update((row["touchpoint_id"], time.monotonic()) for row in found)

    looking = asyncio.create_task(look())
    before = on.cpu()
    answers, acknowledged = await open_loop(on.port, requests, STEADY_RATE / STEADY_BATCH, sent)
    if answers.failed:
        raise RuntimeError(f"{answers.failed} requests failed; the first: {answers.first_failure}")
    async with asyncio.timeout(120):
        await looking
    note = spent(before, on.cpu(), STEADY_SECONDS * STEADY_RATE)
    await connection.close()
    waits = sorted(seen[probe] - at for probe, at in zip(probes, acknowledged, strict=True))
    at = {"p50": waits[len(waits) // 2], "p95": waits[int(len(waits) * 0.95)]}
    return [Row(f"accept to warehouse at {STEADY_RATE:,}/s, {p}", s * 1000, "ms", note) for p, s in at.items()]


def run() -> list[Row]:
    """Both, on one stack with all three services."""
    with stack("ingest", "lifecycle", "attribution") as on:
        warm = [request("/v1/touchpoints", body, WRITE_KEY) for body in batches(20_000, "warm")]
        main = [request("/v1/touchpoints", body, WRITE_KEY) for body in batches(EVENTS, "main")]
        uvloop.run(_throughput(on, warm, 20_000))
        return [uvloop.run(_throughput(on, main, EVENTS)), *uvloop.run(_latency(on))]


if __name__ == "__main__":
    show("pipeline", run())
