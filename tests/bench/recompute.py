"""How long it takes to credit 10,000 deals anew under every configured model: nothing changed, and everything."""

import json
import time

import asyncpg
import uvloop

from tests.bench.floors import copied
from tests.bench.load import closed_loop, request
from tests.bench.rows import Row, show
from tests.bench.stack import SECRET_KEY, WRITE_KEY, Stack, rows_in, spent, stack, wait_drained
from tests.bench.workload import TOUCHES_PER_VISITOR, batches, deals

DEALS = 10_000
_MARK = "INSERT INTO attribution.dirty_deal (deal_id) SELECT deal_id FROM warehouse.fct_deal"
# Every channel gets another name, so every credit of every deal does.
_CHANGE = "UPDATE warehouse.fct_touchpoint SET channel = channel || ' 2'"
_FLOOR = "the stored credits copied into a bare table"


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
    rows = [await _again(on, connection, "nothing changed")]
    await connection.execute(_CHANGE)
    rows.append(await _again(on, connection, "everything changed"))
    await connection.close()
    return rows


async def _again(on: Stack, connection: asyncpg.Connection, what: str) -> Row:
    """Mark all deals; the seconds until none waits."""
    await connection.execute("VACUUM ANALYZE")
    before, began = on.cpu(), time.monotonic()
    await connection.execute(_MARK)
    done = await wait_drained(on.settings)
    credits = await rows_in(connection, "warehouse.fct_credit WHERE superseded_at IS NULL")
    note = f"{credits:,} credits; {spent(before, on.cpu(), DEALS)}"
    floor = await copied(connection, "attribution.credit")
    return Row(f"recompute of 10,000 deals, all models, {what}", done - began, "s", note, floor, _FLOOR)


def run() -> list[Row]:
    """On a stack of its own, so that the deals are not among the pipeline's events."""
    with stack("ingest", "lifecycle", "attribution") as on:
        return uvloop.run(_run(on))


if __name__ == "__main__":
    show("recompute", run())
