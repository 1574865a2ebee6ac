"""`closedloop report` reads one snapshot, says as of when it is, and answers the same when asked with that stamp."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from cli.reports.asked import Asked
from cli.reports.read import NoSuchReport, Warehouse
from cli.reports.registry import REPORTS
from tests.integration.attribution.company import deal, fx, person, random_company, refund, touch
from tests.integration.attribution.taking import Taking

MONEY = ("revenue_by_channel", "sales_by_websource", "pipeline_by_channel")


async def test_every_report_exists_and_says_what_it_is(attribution: Taking, database_url: str) -> None:
    async with Warehouse(database_url) as warehouse:
        there = await warehouse.relations()
    assert list(there)[: len(REPORTS)] == [report.name for report in REPORTS]
    assert all(relation.says for relation in there.values())


@pytest.mark.parametrize("name", MONEY)
async def test_a_report_can_be_had_again_by_its_stamp(attribution: Taking, database_url: str, name: str) -> None:
    events = random_company(3)
    await attribution.take(*events[:200])
    async with Warehouse(database_url) as warehouse:
        then = await warehouse.report(name, Asked())
        await attribution.take(*events[200:])
        now = await warehouse.report(name, Asked())
        again = await warehouse.report(name, Asked(as_of=then.as_of))
    assert sorted(again.grid.rows) == sorted(then.grid.rows)
    assert again.left_out == then.left_out._replace(without_amount=again.left_out.without_amount)
    assert again.as_of == then.as_of
    assert sorted(now.grid.rows) != sorted(then.grid.rows)


async def test_money_without_a_rate_is_told_until_the_rate_comes(attribution: Taking, database_url: str) -> None:
    won = deal("won", "90500", 40, 1, currency="EUR", refunds=(refund("r", "20000", 35),))
    await attribution.take(
        touch("1", 0.5), person(), won,
        deal("open", "50", 3, deal_id="d2", currency="EUR"),
        msgspec.structs.replace(deal("open", "0", 3, deal_id="d3"), amount=None),
    )  # fmt: skip
    march = Asked(until=date(2026, 3, 1))
    async with Warehouse(database_url) as warehouse:
        revenue = (await warehouse.report("revenue_by_channel", Asked())).left_out
        assert revenue == ([("EUR", 1, Decimal(70500))], 0)
        assert (await warehouse.report("sales_by_websource", march)).left_out.without_rate == [
            ("EUR", 1, Decimal(90500))
        ]
        assert (await warehouse.report("pipeline_by_channel", Asked())).left_out == ([("EUR", 1, Decimal(50))], 1)
        assert (await warehouse.report("vanity_metrics", Asked())).left_out == ((), 0)
        told = await attribution.rows(
            "SELECT report, reason, currency, deals::int, amount FROM warehouse.not_in_totals"
        )
        sums = {(row["report"], row["reason"]): 0 for row in told}
        for row in told:
            sums[row["report"], row["reason"]] += row["amount"] or 0
        assert sums == {("revenue", "no rate"): 70500, ("pipeline", "no rate"): 50, ("pipeline", "no amount"): 0}
        await attribution.take(fx("EUR", "USD", date(2026, 3, 1), "1.1"))
        assert (await warehouse.report("revenue_by_channel", Asked())).left_out == ([], 0)


async def test_months_bound_a_report_and_what_cannot_be_asked_is_said(attribution: Taking, database_url: str) -> None:
    won = deal("won", "100", 40, 1, refunds=(refund("r", "30", 35),))
    await attribution.take(touch("1", 0.5), person(), won)
    async with Warehouse(database_url) as warehouse:
        april = await warehouse.report("revenue_by_channel", Asked("last", date(2026, 4, 1), date(2026, 4, 1)))
        at = april.grid.columns.index("revenue")
        assert [row[at] for row in april.grid.rows] == [Decimal(-30)]
        for name, asked, problem in (
            ("no_such", Asked(), "there are revenue_by_channel"),
            ("dim_person", Asked("last"), "does not depend on a model"),
            ("pipeline_by_channel", Asked(since=date(2026, 1, 1)), "leave --from out"),
            ("vanity_metrics", Asked(as_of=datetime(2026, 1, 1, tzinfo=UTC)), "leave --as-of out"),
            ("revenue_by_channel", Asked(as_of=datetime.now(UTC) + timedelta(days=1)), "yet to come"),
            ("revenue_by_channel", Asked("lost"), "it has .*w_shaped"),
        ):
            with pytest.raises(NoSuchReport, match=problem):
                await warehouse.report(name, asked)
