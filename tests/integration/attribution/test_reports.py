"""The reports add up to the ledger, and whoever reads them sees no private schema."""

from collections import defaultdict
from decimal import Decimal

import asyncpg
import pytest

from services.attribution.store import setting
from shared import db
from tests.integration.attribution.company import ADS, MAIL, deal, person, random_company, refund, touch
from tests.integration.attribution.taking import Taking


async def test_every_model_of_every_report_adds_up_to_the_ledger(attribution: Taking) -> None:
    await attribution.take(*random_company(5))
    [ledger] = await attribution.rows(
        """
        SELECT coalesce(sum(amount_base), 0) AS revenue,
            count(*) FILTER (WHERE kind IN ('booked', 'renewed')) - count(*) FILTER (WHERE kind = 'reopened') AS sales
        FROM warehouse.fct_deal_entry WHERE superseded_at IS NULL AND kind <> 'pipeline'
        """
    )
    assert ledger["revenue"] > 0
    for report in ("revenue_by_channel", "sales_by_websource"):
        sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for row in await attribution.rows(f"SELECT model, revenue, sales FROM warehouse.{report}"):
            sums[row["model"]][0] += row["revenue"]
            sums[row["model"]][1] += row["sales"]
        assert len(sums) == 11
        for revenue, sales in sums.values():
            assert revenue == ledger["revenue"]
            assert abs(sales - ledger["sales"]) < Decimal("0.001")


async def test_a_refund_counts_in_the_month_it_was_given_back(attribution: Taking) -> None:
    won = deal("won", "100", 40, 1, refunds=(refund("r", "30", 35),))
    await attribution.take(touch("1", 0.5), person(), won)
    report = """
        SELECT month::text, revenue::text, deals, sales::int FROM warehouse.revenue_by_channel
        WHERE model = 'last' ORDER BY month"""
    assert await attribution.rows(report) == [
        {"month": "2026-03-01", "revenue": "100.00", "deals": 1, "sales": 1},
        {"month": "2026-04-01", "revenue": "-30.00", "deals": 0, "sales": 0},
    ]


async def test_months_are_those_of_the_reporting_zone(attribution: Taking) -> None:
    """A close at 23:30 UTC on 31 March is in April in Berlin, and a page view then too."""
    late = 30.0 + 14.5 / 24
    async with db.transaction(attribution.pool) as connection:
        await setting.store(connection, "Europe/Berlin", "USD")
    await attribution.take(touch("1", late), person(), deal("won", "100", late))
    months = "SELECT DISTINCT month::text FROM warehouse.{}"
    assert await attribution.rows(months.format("revenue_by_channel")) == [{"month": "2026-04-01"}]
    assert await attribution.rows(months.format("vanity_metrics")) == [{"month": "2026-04-01"}]


async def test_sales_by_web_source_name_the_sessions_source_and_medium(attribution: Taking) -> None:
    await attribution.take(touch("1", 1, ADS), touch("2", 2, MAIL), person(), deal("won", "100", 5))
    rows = await attribution.rows(
        """
        SELECT source, medium, sales::text, revenue::text FROM warehouse.sales_by_websource
        WHERE model = 'linear' ORDER BY source"""
    )
    assert [tuple(row.values()) for row in rows] == [
        ("google", "cpc", "0.5", "50.00"),
        ("hubspot", "email", "0.5", "50.00"),
    ]


@pytest.mark.parametrize("private", ["attribution.person", "attribution.identifier_span", "attribution.deal_version"])
async def test_whoever_reads_the_warehouse_cannot_read_private_tables(attribution: Taking, private: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await attribution.rows(f"SELECT * FROM {private}")
