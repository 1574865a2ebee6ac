"""The demo as a person runs it: it ends with its reports, twice alike, and its sums are the company's own."""

from datetime import UTC, datetime
from decimal import Decimal

from cli.demo.company import company
from cli.demo.story import Story
from services.attribution.domain.models import RULES
from tests.e2e.running import Closedloop

STORY = Story(datetime(2026, 11, 20, tzinfo=UTC), accounts=50, days=60)
DEMO = ("demo", "--accounts", "50", "--days", "60", "--end", "2026-11-20")


def expected_revenue() -> Decimal:
    """What the CRM's last word on every deal adds up to: won amounts less what was given back."""
    last = {deal["id"]: deal for deal in company(STORY).deals}
    won = [deal for deal in last.values() if deal["status"] == "won"]
    booked = sum((Decimal(deal["amount"]) for deal in won), Decimal(0))
    back = sum((Decimal(refund["amount"]) for deal in won for refund in deal.get("refunds", ())), Decimal(0))
    return booked - back


def reports_of(said: str) -> str:
    return said[said.index("Revenue by channel") : said.index("Stopping")]


def test_the_demo_ends_with_its_reports_and_running_it_again_counts_nothing_twice(closedloop: Closedloop) -> None:
    first = closedloop.run(*DEMO, "--data", str(closedloop.data))
    for title in ("Revenue by channel", "Sales by web source", "Vanity metrics beside revenue"):
        assert title in first
    assert f"adds up to the ledger: ${expected_revenue():,.2f}" in first
    assert "of the leads, but" in " ".join(first.split())
    assert max(map(len, reports_of(first).splitlines())) <= 80

    again = closedloop.run(*DEMO, "--data", str(closedloop.data))
    assert reports_of(again) == reports_of(first)

    sent = company(STORY)
    assert len(closedloop.report("fct_touchpoint")) == len(sent.touchpoints)
    assert len(closedloop.report("fct_deal")) == len({deal["id"] for deal in sent.deals})
    rows = closedloop.report("revenue_by_channel")
    for model in RULES:
        assert sum(Decimal(row["revenue"]) for row in rows if row["model"] == model) == expected_revenue()
    stages = {row["to_stage"] for row in closedloop.report("fct_stage_transition")}
    assert stages >= {"suspect", "prospect", "lead", "mql", "sal", "rml", "opportunity", "customer"}
    assert any(row["breached"] in (True, "true") for row in closedloop.report("fct_sales_response"))
