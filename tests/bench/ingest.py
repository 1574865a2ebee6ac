"""Acknowledged events per second of one ingest process: an answer means that Kafka has them (acks=all).

Beside each figure its floor, measured in the same round with the same requests: a uvicorn application that does
nothing.
"""

import asyncio
import statistics

import psutil
import uvloop

from deploy.embedded.ports import is_free
from tests.bench.load import Answers, closed_loop, request
from tests.bench.nothing import doing_nothing
from tests.bench.rows import Row
from tests.bench.stack import WRITE_KEY, Stack, spent, stack
from tests.bench.workload import batches, segment_batches, singles

ROUNDS = 3
SINGLES, BATCHED = 40_000, 200_000


def _measure(
    on: Stack, floor: tuple[int, psutil.Process], name: str, path: str, bodies: list[list[bytes]], connections: int
) -> Row:
    """Rounds of ours and of the floor in turn, so that a slow moment of the machine meets both."""
    per_request = 1 if "single" in name else 100
    rates, notes, floors, floor_cpu = [], [], [], []
    port, idle = floor
    for round_bodies in bodies:
        requests = [request(path, body, WRITE_KEY) for body in round_bodies]
        before = idle.cpu_times()
        least = uvloop.run(closed_loop(port, requests, connections))
        after = idle.cpu_times()
        floors.append(least.ok * per_request / least.seconds)
        used = after.user + after.system - before.user - before.system
        floor_cpu.append(used * 1e6 / (least.ok * per_request))
        began = on.cpu()
        answers: Answers = uvloop.run(closed_loop(on.port, requests, connections))
        if answers.failed:
            raise RuntimeError(f"{answers.failed} requests failed; the first: {answers.first_failure}")
        events = answers.ok * per_request
        rates.append(events / answers.seconds)
        notes.append(spent(began, on.cpu(), events))
    middle = rates.index(sorted(rates)[len(rates) // 2])
    note = f"{notes[middle]}; rounds {[round(r) for r in rates]}"
    floor_note = f"does nothing, CPU ms/1k: {statistics.median(floor_cpu):.1f}; rounds {[round(r) for r in floors]}"
    return Row(name, statistics.median(rates), "events/s", note, statistics.median(floors), floor_note)


def run() -> list[Row]:
    """Singles on 64 connections and batches of 100 on 16, the median of three rounds, no consumer running."""
    asyncio.set_event_loop_policy(None)
    with stack("ingest") as on:
        port = next(p for p in range(29_100, 29_900) if is_free(p))
        with doing_nothing(port) as idle:
            warm = [request("/v1/touchpoints", body, WRITE_KEY) for body in batches(20_000, "warm")]
            uvloop.run(closed_loop(on.port, warm, 16))
            one = [singles(SINGLES, f"single-{n}") for n in range(ROUNDS)]
            many = [batches(BATCHED, f"batch-{n}") for n in range(ROUNDS)]
            segment = [segment_batches(BATCHED, f"segment-{n}") for n in range(ROUNDS)]
            floor = (port, idle)
            return [
                _measure(on, floor, "acknowledged, single requests (c64)", "/v1/touchpoints", one, 64),
                _measure(on, floor, "acknowledged, batches of 100 (c16)", "/v1/touchpoints", many, 16),
                _measure(on, floor, "acknowledged, Segment's batches of 100 (c16)", "/v1/batch", segment, 16),
            ]


if __name__ == "__main__":
    from tests.bench.rows import show

    show("ingest", run())
