"""A report says as of when it is, and can be had again for ever; reports, credits and the ledger of changes agree."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from services.attribution.recompute.start import prepare
from shared import db
from tests.integration.attribution.company import ADS, MAIL, SOCIAL, deal, fx, person, random_company, touch
from tests.integration.attribution.taking import Taking, split

KEYS = {
    "revenue_by_channel": "model, month, channel",
    "sales_by_websource": "model, month, source, medium",
    "pipeline_by_channel": "model, channel",
}
# The reports once more, straight from the credits, as they would be written without a ledger of changes.
FROM_CREDITS = {
    "revenue_by_channel": """
        SELECT model, month, channel, sum(coalesce(amount_base, 0.00)) AS revenue,
            count(DISTINCT deal_id) FILTER (WHERE kind IN ('booked', 'renewed')) AS deals,
            trim_scale(sum(sales)) AS sales,
            count(DISTINCT deal_id) FILTER (WHERE amount_base IS NULL) AS deals_without_rate
        FROM warehouse.credited WHERE kind <> 'pipeline'
        GROUP BY model, month, channel ORDER BY model, month, channel""",
    "sales_by_websource": """
        SELECT model, month, source, medium, trim_scale(sum(sales)) AS sales,
            sum(coalesce(amount_base, 0.00)) AS revenue,
            count(DISTINCT deal_id) FILTER (WHERE kind IN ('booked', 'renewed')) AS deals,
            count(DISTINCT deal_id) FILTER (WHERE amount_base IS NULL) AS deals_without_rate
        FROM warehouse.credited WHERE kind <> 'pipeline'
        GROUP BY model, month, source, medium ORDER BY model, month, source, medium""",
    "pipeline_by_channel": """
        SELECT model, channel, sum(coalesce(amount_base, 0.00)) AS pipeline, count(DISTINCT deal_id) AS deals,
            count(DISTINCT deal_id) FILTER (WHERE amount_base IS NULL) AS deals_without_rate
        FROM warehouse.credited WHERE kind = 'pipeline' GROUP BY model, channel ORDER BY model, channel""",
}
LINE = "model, month, channel, source, medium, campaign"
MEASURES = ("amount", "sales", "deals", "source_deals", "unrated", "source_unrated", "held")
TOTAL = f"SELECT {LINE}, {', '.join(MEASURES)} FROM warehouse.credit_total ORDER BY {LINE}"
LEDGER = f"""
SELECT {LINE}, {", ".join(f"sum({name}) AS {name}" for name in MEASURES)} FROM warehouse.credit_change
GROUP BY {LINE} HAVING sum(held) <> 0 ORDER BY {LINE}"""
# Revenue at a stamp by the detail: the rows that stood then.
DETAIL = """
SELECT model, sum(coalesce(credit.amount_base, 0)) AS revenue
FROM warehouse.fct_credit AS credit
JOIN (SELECT DISTINCT entry_id, kind FROM warehouse.fct_deal_entry) AS entry USING (entry_id)
WHERE kind <> 'pipeline' AND recorded_at <= $1 AND (superseded_at IS NULL OR superseded_at > $1)
GROUP BY model ORDER BY model"""
REVENUE = """
SELECT model, sum(revenue) AS revenue FROM warehouse.revenue_by_channel_as_of($1) GROUP BY model ORDER BY model"""


async def now(one: Taking, report: str) -> tuple[datetime, list[dict[str, Any]]]:
    """A report and the stamp it is as of, of one moment."""
    rows = await one.rows(
        f"SELECT warehouse.as_of() AS stamp, r.* FROM (VALUES (1)) AS always "
        f"LEFT JOIN warehouse.{report} AS r ON true ORDER BY {KEYS[report]}"
    )
    stamp = rows[0]["stamp"]
    return stamp, [_plain(row) for row in rows if row["model"] is not None]


async def again(one: Taking, report: str, stamp: datetime) -> list[dict[str, Any]]:
    """The report as of a stamp."""
    return [
        _plain(row)
        for row in await one.rows(f"SELECT * FROM warehouse.{report}_as_of($1) ORDER BY {KEYS[report]}", stamp)
    ]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Numbers as people see them, so that 0 and 0.00 are not taken for one."""
    return {key: str(value) if isinstance(value, Decimal) else value for key, value in row.items() if key != "stamp"}


async def agree(one: Taking) -> None:
    """Assert that reports, credits, their sum and the ledger of changes say the same."""
    assert await one.rows(TOTAL) == await one.rows(LEDGER)
    for report, query in FROM_CREDITS.items():
        assert (await now(one, report))[1] == [_plain(row) for row in await one.rows(query)]


async def test_reports_taken_during_a_recompute_can_be_had_again(attribution: Taking) -> None:
    seen: list[tuple[str, datetime, list[dict[str, Any]]]] = []
    events = random_company(21)
    chance = random.Random(21)
    batches = split(chance.sample(events, len(events)), 9)
    done = asyncio.Event()

    async def look() -> None:
        while not done.is_set():
            for report in KEYS:
                seen.append((report, *await now(attribution, report)))

    async def take_in(own: Sequence[Sequence[msgspec.Struct]]) -> None:
        for batch in own:
            await attribution.batch(*batch)
            await attribution.compute()

    looking = asyncio.create_task(look())
    await asyncio.gather(*(take_in(batches[n::3]) for n in range(3)))
    await attribution.compute()
    done.set()
    await looking
    assert len({stamp for _, stamp, _ in seen}) > 10, "they were taken at different stamps"
    for report, stamp, rows in seen:
        assert await again(attribution, report, stamp) == rows
    for stamp in {stamp for _, stamp, _ in seen}:
        assert await attribution.rows(DETAIL, stamp) == await attribution.rows(REVENUE, stamp)
    await agree(attribution)


@pytest.mark.parametrize("seed", range(4))
async def test_reports_credits_and_the_ledger_of_changes_agree_after_every_batch(
    attribution: Taking, seed: int
) -> None:
    events = random_company(100 + seed)
    shuffled = random.Random(seed).sample(events, len(events))
    for batch in split(shuffled, 60):
        await attribution.take(*batch)
        await agree(attribution)


async def test_a_deal_that_came_by_three_campaigns_of_a_channel_is_one_deal_of_it(attribution: Taking) -> None:
    brand, generic = (msgspec.structs.replace(ADS, name=name) for name in ("brand", "generic"))
    await attribution.take(touch("1", 1, brand), touch("2", 2, generic), touch("3", 3, MAIL), person())
    await attribution.take(deal("won", "90", 5))
    rows = await attribution.rows(
        "SELECT channel, deals, revenue::text FROM warehouse.revenue_by_channel WHERE model = 'linear' ORDER BY channel"
    )
    assert [tuple(row.values()) for row in rows] == [("Email", 1, "30.00"), ("Paid Search", 1, "60.00")]


async def test_sales_of_all_channels_come_to_the_number_of_sales_exactly(attribution: Taking) -> None:
    await attribution.take(*(touch(str(n), n, at) for n, at in enumerate((ADS, MAIL, SOCIAL))), person())
    await attribution.take(deal("won", "100", 5))
    [total] = await attribution.rows(
        "SELECT sum(sales) AS n FROM warehouse.revenue_by_channel WHERE model = 'linear' GROUP BY model"
    )
    assert total["n"] == 1


async def test_the_ledger_of_changes_says_which_run_changed_a_month_and_by_how_much(attribution: Taking) -> None:
    await attribution.take(touch("1", 1, ADS), person(), deal("won", "100", 5))
    stamp, _ = await now(attribution, "revenue_by_channel")
    await attribution.take(touch("2", 2, MAIL))
    changes = await attribution.rows(
        """
        SELECT month::text, channel, amount::text, reason FROM warehouse.credit_change
        JOIN warehouse.attribution_run USING (run_id) WHERE recorded_at > $1 AND model = 'last' ORDER BY channel""",
        stamp,
    )
    assert [tuple(row.values()) for row in changes] == [
        ("2026-03-01", "Email", "100.00", "marked"),
        ("2026-03-01", "Paid Search", "-100.00", "marked"),
    ]


async def test_stamps_never_go_back_even_when_the_clock_does(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(), deal("won", "100", 5))
    first, _ = await now(attribution, "revenue_by_channel")
    async with db.transaction(attribution.pool) as connection:
        await connection.execute("UPDATE attribution.newest_stamp SET at = at + interval '1 day'")
    await attribution.take(deal("won", "120", 6, 5))
    second, _ = await now(attribution, "revenue_by_channel")
    assert (second - first).days == 1


async def test_an_unrated_amount_is_in_the_ledger_of_changes_once_its_rate_comes(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(), deal("won", "100", 5, currency="EUR"))
    stamp, before = await now(attribution, "revenue_by_channel")
    await attribution.take(fx("EUR", "USD", before[0]["month"], "1.1"))
    assert {row["revenue"] for row in (await now(attribution, "revenue_by_channel"))[1]} == {"110.00"}
    assert await again(attribution, "revenue_by_channel", stamp) == before


async def test_another_reporting_zone_moves_entries_to_its_months_and_leaves_what_was_reported(
    attribution: Taking,
) -> None:
    # The close is on 31 March at 21:00 in UTC: April in Tokyo, March in New York.
    await attribution.take(touch("1", 1), person(), deal("won", "100", 30.5), deal("won", "70", 9, deal_id="d2"))
    stamp, before = await now(attribution, "revenue_by_channel")
    for zone, month in (("Asia/Tokyo", "2026-04-01"), ("America/New_York", "2026-03-01")):
        await prepare(attribution.pool, replace(attribution.terms, reporting_zone=zone))
        months = "SELECT DISTINCT month::text FROM warehouse.revenue_by_channel ORDER BY month"
        assert [row["month"] for row in await attribution.rows(months)] == sorted({"2026-03-01", month})
        await agree(attribution)
        assert await again(attribution, "revenue_by_channel", stamp) == before
    await attribution.compute()
    await agree(attribution)
