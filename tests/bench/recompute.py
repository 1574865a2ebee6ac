"""How long it takes to credit 10,000 deals anew under every configured model."""

import json
import time

import asyncpg
import uvloop

from tests.bench.load import closed_loop, request
from tests.bench.rows import Row, show
from tests.bench.stack import SECRET_KEY, WRITE_KEY, Stack, rows_in, spent, stack, wait_drained
from tests.bench.workload import TOUCHES_PER_VISITOR, batches, deals

DEALS = 10_000


async def _run(on: Stack) -> list[Row]:
    # One visitor in five is a buyer with a deal; every one has ten touches.
    touches = [request("/v1/touchpoints", b, WRITE_KEY) for b in batches(DEALS * 5 * TOUCHES_PER_VISITOR, "r")]
    all_deals = list(deals(DEALS, "r"))
    chunks = [json.dumps({"deals": all_deals[at : at + 100]}).encode() for at in range(0, DEALS, 100)]
    for requests in (touches, [request("/v1/deals", chunk, SECRET_KEY, secret=True) for chunk in chunks]):
        answers = await closed_loop(on.port, requests, 8)
        if answers.failed:
            raise RuntimeError(f"{answers.failed} requests failed; the first: {answers.first_failure}")
    await wait_drained(on.settings)
    connection = await asyncpg.connect(on.settings.postgres_url)
    credits = await rows_in(connection, "warehouse.fct_credit")
    before, began = on.cpu(), time.monotonic()
    await connection.execute(
        "INSERT INTO attribution.dirty_deal (deal_id) SELECT deal_id FROM warehouse.fct_deal ON CONFLICT DO NOTHING"
    )
    done = await wait_drained(on.settings)
    await connection.close()
    note = f"{credits:,} credits; {spent(before, on.cpu(), DEALS)}"
    return [Row("recompute of 10,000 deals, all models", done - began, "s", note)]


def run() -> list[Row]:
    """On a stack of its own, so that the deals are not among the pipeline's events."""
    with stack("ingest", "lifecycle", "attribution") as on:
        return uvloop.run(_run(on))


if __name__ == "__main__":
    show("recompute", run())
