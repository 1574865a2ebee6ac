"""What becomes of it all as it grows: touchpoints by the million, deals with long journeys, every view over them.

    python -m tests.bench.growth --touchpoints 3000000 --people 200000 --companies 20000 --deals 20000
    python -m tests.bench.growth --touchpoints 300000 --people 20000 --companies 2000 --deals 2000 --copy

With --copy touchpoints and people are written straight into attribution's tables, without HTTP, Kafka and lifecycle:
for work on attribution itself, which need not wait for the way there. A table in markdown comes first, to be pasted.
"""

import argparse
import asyncio
import json
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import asyncpg
import uvloop

from services.attribution.domain.channels import Classifier, EarningKinds, channel_rules
from services.attribution.domain.touch_row import touch_row
from services.attribution.store import channel_rules as rules_store
from services.attribution.store import people as people_store
from services.attribution.store import touchpoints as touchpoint_store
from shared.events.person import IdentifierSpan, Person, PersonAccount
from shared.events.touchpoint import Campaign, Page, Touchpoint
from tests.bench.crowd import Crowd
from tests.bench.load import closed_loop, request
from tests.bench.rows import Row, show
from tests.bench.stack import SECRET_KEY, WRITE_KEY, Stack, spent, stack, wait_drained

STEP = 500_000
_SIZES = """
SELECT n.nspname || '.' || c.relname AS name, pg_total_relation_size(c.oid) AS bytes, c.reltuples::bigint AS rows
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('warehouse', 'attribution', 'lifecycle', 'ingest') AND c.relkind = 'r'
ORDER BY bytes DESC LIMIT 14
"""
_VIEWS = """
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'warehouse' AND c.relkind = 'v' ORDER BY 1
"""
_DETAIL = {"credited", "fct_credit", "touchpoint"}
"""Views that are asked for a part, by deal or person: counting all of them would measure nothing anybody does."""


async def _send(on: Stack, path: str, bodies: Iterator[bytes], key: str, secret: bool = False) -> None:
    answers = await closed_loop(on.port, [request(path, body, key, secret=secret) for body in bodies], 8)
    if answers.failed:
        raise RuntimeError(f"{answers.failed} requests failed; the first: {answers.first_failure}")


def _bodies(name: str, events: Iterator[dict[str, object]], size: int) -> Iterator[bytes]:
    batch: list[dict[str, object]] = []
    for event in events:
        batch.append(event)
        if len(batch) == size:
            yield json.dumps({name: batch}).encode()
            batch = []
    if batch:
        yield json.dumps({name: batch}).encode()


async def _by_http(on: Stack, crowd: Crowd) -> list[Row]:
    rows = []
    for first in range(0, crowd.touchpoints, STEP):
        last = min(first + STEP, crowd.touchpoints)
        bodies = list(_bodies("touchpoints", crowd.touches(first, last), 200))
        before, began = on.cpu(), time.monotonic()
        await _send(on, "/v1/touchpoints", iter(bodies), WRITE_KEY)
        done = await wait_drained(on.settings, 3600)
        note = spent(before, on.cpu(), last - first)
        rows.append(Row(f"touchpoints {first:,} to {last:,}", (last - first) / (done - began), "events/s", note))
        show("growth", rows[-1:])
    return rows


async def _by_copy(connection: asyncpg.Connection, crowd: Crowd) -> list[Row]:
    began = time.monotonic()
    classifier = Classifier(channel_rules({}), EarningKinds(()))
    async with connection.transaction():
        rules_id = await rules_store.open_for(connection, classifier.version)
    for first in range(0, crowd.touchpoints, 50_000):
        last = min(first + 50_000, crowd.touchpoints)
        rows = [touch_row(_touchpoint(item), classifier, rules_id) for item in crowd.touches(first, last)]
        async with connection.transaction():
            await touchpoint_store.store(connection, rows)
    for first in range(0, crowd.people, 20_000):
        known = [_person(crowd, n) for n in range(first, min(first + 20_000, crowd.people))]
        async with connection.transaction():
            await people_store.store(connection, known)
    await connection.execute("VACUUM ANALYZE")
    return [Row("touchpoints, straight into the table", crowd.touchpoints / (time.monotonic() - began), "events/s")]


def _touchpoint(item: dict[str, Any]) -> Touchpoint:
    campaign, at = item.get("campaign"), datetime.fromisoformat(item["occurred_at"])
    return Touchpoint(
        touchpoint_id=_uuid("touch", item["id"]),
        source="bench",
        kind=item["kind"],
        occurred_at=at,
        received_at=at,
        anonymous_id=item["anonymous_id"],
        email=item.get("email"),
        page=Page(**item["page"]),
        campaign=Campaign(**campaign) if campaign else None,
    )


def _person(crowd: Crowd, n: int) -> Person:
    domain = f"company{crowd.company_of(n)}.example"
    spans = IdentifierSpan("email", crowd.email_of(n)), IdentifierSpan("anonymous_id", f"visitor-{n}")
    return Person(_uuid("person", n), 1, spans, PersonAccount(f"domain:{domain}", "domain", domain))


def _uuid(kind: str, name: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))


def _absent(on: Stack) -> set[str]:
    """Consumer groups whose service does not run."""
    return {"lifecycle"} - on.services.keys()


async def _deals(on: Stack, crowd: Crowd) -> Row:
    bodies = list(_bodies("deals", crowd.won(), 100))
    before, began = on.cpu(), time.monotonic()
    await _send(on, "/v1/deals", iter(bodies), SECRET_KEY, secret=True)
    sent = time.monotonic() - began
    done = await wait_drained(on.settings, 3600, _absent(on))
    note = f"sent in {sent:.0f} s; {spent(before, on.cpu(), crowd.deals)}"
    return Row(f"{crowd.deals:,} deals", done - began, "s", note)


async def _again(on: Stack, connection: asyncpg.Connection, crowd: Crowd) -> Row:
    before, began = on.cpu(), time.monotonic()
    await connection.execute("INSERT INTO attribution.dirty_deal (deal_id) SELECT deal_id FROM attribution.deal")
    done = await wait_drained(on.settings, 3600, _absent(on))
    return Row("the same once more, nothing changed", done - began, "s", spent(before, on.cpu(), crowd.deals))


async def _sizes(connection: asyncpg.Connection) -> list[Row]:
    await connection.execute("VACUUM ANALYZE")
    found = await connection.fetch(_SIZES)
    return [Row(f"size of {row['name']}", row["bytes"] / 1e6, "MB", f"{row['rows']:,} rows") for row in found]


async def _views(connection: asyncpg.Connection, crowd: Crowd) -> list[Row]:
    names = [row["relname"] for row in await connection.fetch(_VIEWS)]
    asked = {name: f"SELECT * FROM warehouse.{name}" for name in names if name not in _DETAIL}
    asked["credits of one deal"] = "SELECT * FROM warehouse.fct_credit WHERE deal_id = 'deal-7'"
    email = crowd.email_of(7)
    person = await connection.fetchval(
        "SELECT person_id FROM attribution.identifier_span WHERE identity = $1 LIMIT 1", f"email:{email}"
    )
    asked["touchpoints of one person"] = f"SELECT * FROM warehouse.touchpoint WHERE person_id = '{person}'"
    asked["fct_credit, counted"] = "SELECT count(*) FROM warehouse.fct_credit WHERE superseded_at IS NULL"
    rows = []
    for name, query in asked.items():
        took = []
        for _ in range(3):
            began = time.monotonic()
            found = await connection.fetch(query)
            took.append(time.monotonic() - began)
        rows.append(Row(name, sorted(took)[1], "s", f"{len(found)} rows"))
    return rows


async def _run(on: Stack, crowd: Crowd, copy: bool) -> list[Row]:
    connection = await asyncpg.connect(on.settings.postgres_url)
    rows = await _by_copy(connection, crowd) if copy else await _by_http(on, crowd)
    rows.append(await _deals(on, crowd))
    show("growth", rows[-1:])
    rows.append(await _again(on, connection, crowd))
    rows += await _sizes(connection)
    rows += await _views(connection, crowd)
    await connection.close()
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--touchpoints", type=int, default=300_000)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--companies", type=int, default=2_000)
    parser.add_argument("--deals", type=int, default=2_000)
    parser.add_argument("--copy", action="store_true", help="touchpoints and people straight into the tables")
    given = parser.parse_args()
    asyncio.set_event_loop_policy(None)
    crowd = Crowd(given.touchpoints, given.people, given.companies, given.deals)
    services = ("ingest", "attribution") if given.copy else ("ingest", "lifecycle", "attribution")
    with stack(*services) as on:
        show("growth", uvloop.run(_run(on, crowd, given.copy)))


if __name__ == "__main__":
    main()
