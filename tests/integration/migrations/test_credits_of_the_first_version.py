"""Credits of the first version are there again under the present one, and its reports as of any time."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

import migrations
from tests.engines import Engines
from tests.integration.migrations.first_credits import FIRST, SECOND, statements

COLUMNS = """model, deal_id, entry_id, touchpoint_id, channel, position, round(weight::numeric, 9) AS weight,
    amount_base, run_id, recorded_at, superseded_at"""
# What the first version's reports said as of a moment, from its own rows.
CREDITED = """
SELECT credit.*, entry.kind, date_trunc('month', entry.occurred_at AT TIME ZONE 'UTC')::date AS month,
    coalesce(touch.session_source, 'Unattributed') AS source, coalesce(touch.session_medium, 'Unattributed') AS medium
FROM kept.credit JOIN (SELECT DISTINCT entry_id, kind, occurred_at FROM kept.entry) AS entry USING (entry_id)
LEFT JOIN warehouse.fct_touchpoint AS touch USING (touchpoint_id)
WHERE recorded_at <= $1 AND (superseded_at IS NULL OR superseded_at > $1)"""
REPORTS = {
    "revenue_by_channel": f"""
        SELECT model, month, channel, sum(coalesce(amount_base, 0)) AS revenue,
            count(DISTINCT deal_id) FILTER (WHERE kind IN ('booked', 'renewed')) AS deals,
            count(DISTINCT deal_id) FILTER (WHERE amount_base IS NULL) AS deals_without_rate
        FROM ({CREDITED}) AS credited WHERE kind <> 'pipeline'
        GROUP BY model, month, channel ORDER BY model, month, channel""",
    "sales_by_websource": f"""
        SELECT model, month, source, medium, sum(coalesce(amount_base, 0)) AS revenue,
            count(DISTINCT deal_id) FILTER (WHERE kind IN ('booked', 'renewed')) AS deals
        FROM ({CREDITED}) AS credited WHERE kind <> 'pipeline'
        GROUP BY model, month, source, medium ORDER BY model, month, source, medium""",
    "pipeline_by_channel": f"""
        SELECT model, channel, sum(coalesce(amount_base, 0)) AS pipeline, count(DISTINCT deal_id) AS deals
        FROM ({CREDITED}) AS credited WHERE kind = 'pipeline' GROUP BY model, channel ORDER BY model, channel""",
}


@pytest.fixture
async def upgraded(engines: Engines) -> AsyncIterator[asyncpg.Connection]:
    """A database of the first version brought to the present; schema `kept` has its rows as they were."""
    name = f"test_old_{uuid.uuid4().hex[:8]}"
    admin = await asyncpg.connect(engines.database_url)
    await admin.execute(f"CREATE DATABASE {name}")
    url = make_url(engines.database_url).set(database=name).render_as_string(hide_password=False)
    migrations.upgrade(url, "0005")
    connection = await asyncpg.connect(url)
    for statement in statements(60, 5):
        await connection.execute(statement)
    await connection.execute(
        """
        CREATE SCHEMA kept;
        CREATE TABLE kept.credit AS SELECT * FROM warehouse.fct_credit;
        CREATE TABLE kept.entry AS SELECT * FROM warehouse.fct_deal_entry"""
    )
    migrations.upgrade(url)
    yield connection
    await connection.close()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def test_every_credit_is_there_with_its_touch_amount_run_and_times(upgraded: asyncpg.Connection) -> None:
    before, now = [
        await upgraded.fetch(f"SELECT {COLUMNS} FROM {table} ORDER BY 1, 2, 3, 4, recorded_at")
        for table in ("kept.credit", "warehouse.fct_credit")
    ]
    assert len(before) > 500
    assert [tuple(row) for row in now] == [tuple(row) for row in before]


@pytest.mark.parametrize("stamp", [FIRST, "2026-05-15 00:00+00", SECOND, "now"])
async def test_reports_as_of_then_say_what_they_said_then(upgraded: asyncpg.Connection, stamp: str) -> None:
    at = await upgraded.fetchval("SELECT warehouse.as_of()") if stamp == "now" else datetime.fromisoformat(stamp)
    for report, query in REPORTS.items():
        then = await upgraded.fetch(query, at)
        columns = ", ".join(then[0].keys())
        rows = await upgraded.fetch(f"SELECT {columns} FROM warehouse.{report}_as_of($1) ORDER BY {columns}", at)
        assert _rows(rows) == _rows(then)


async def test_the_ledger_of_changes_sums_to_what_stands_and_names_its_runs(upgraded: asyncpg.Connection) -> None:
    measures = "amount", "sales", "deals", "source_deals", "unrated", "source_unrated", "held"
    line = "model, month, channel, source, medium, campaign"
    sums = ", ".join(f"sum({measure}) AS {measure}" for measure in measures)
    total, ledger = [
        await upgraded.fetch(
            f"SELECT {line}, {sums} FROM warehouse.{table} GROUP BY {line} HAVING sum(held) <> 0 ORDER BY {line}"
        )
        for table in ("credit_total", "credit_change")
    ]
    assert [tuple(row) for row in total] == [tuple(row) for row in ledger] != []
    runs = await upgraded.fetch("SELECT DISTINCT run_id FROM warehouse.credit_change ORDER BY 1")
    assert [row["run_id"] for row in runs] == [1, 3]


def _rows(rows: list[Any]) -> list[dict[str, Any]]:
    return sorted((dict(row) for row in rows), key=lambda row: [str(value) for value in row.values()])
