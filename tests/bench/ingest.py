"""Acknowledged events per second of one ingest process: an answer means that Kafka has them (acks=all)."""

import asyncio
import statistics

import uvloop

from tests.bench.load import Answers, closed_loop, request
from tests.bench.rows import Row
from tests.bench.stack import WRITE_KEY, Stack, spent, stack
from tests.bench.workload import batches, singles

ROUNDS = 3
SINGLES, BATCHED = 40_000, 200_000


def _measure(on: Stack, name: str, bodies: list[list[bytes]], per_request: int, connections: int) -> Row:
    rates, notes = [], []
    for round_bodies in bodies:
        requests = [request("/v1/touchpoints", body, WRITE_KEY) for body in round_bodies]
        before = on.cpu()
        answers: Answers = uvloop.run(closed_loop(on.port, requests, connections))
        if answers.failed:
            raise RuntimeError(f"{answers.failed} requests failed; the first: {answers.first_failure}")
        events = answers.ok * per_request
        rates.append(events / answers.seconds)
        notes.append(spent(before, on.cpu(), events))
    middle = rates.index(sorted(rates)[len(rates) // 2])
    return Row(name, statistics.median(rates), "events/s", f"{notes[middle]}; rounds {[round(r) for r in rates]}")


def run() -> list[Row]:
    """Singles on 64 connections and batches of 100 on 16, the median of three rounds, no consumer running."""
    asyncio.set_event_loop_policy(None)
    with stack("ingest") as on:
        warm = [request("/v1/touchpoints", body, WRITE_KEY) for body in batches(20_000, "warm")]
        uvloop.run(closed_loop(on.port, warm, 16))
        one = [singles(SINGLES, f"single-{n}") for n in range(ROUNDS)]
        many = [batches(BATCHED, f"batch-{n}") for n in range(ROUNDS)]
        return [
            _measure(on, "acknowledged, single requests (c64)", one, 1, 64),
            _measure(on, "acknowledged, batches of 100 (c16)", many, 100, 16),
        ]


if __name__ == "__main__":
    from tests.bench.rows import show

    show("ingest", run())
