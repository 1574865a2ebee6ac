"""Olist's real funnel, imported by its maps, against a plain join of its two files made here."""

import csv
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from services.attribution.domain.models import RULES
from tests.e2e.running import Closedloop
from tests.places import ROOT

OLIST = ROOT.parent / "shared" / "data" / "olist"
EXAMPLE = ROOT / "docs" / "examples" / "olist"
CHANNELS = {
    "organic_search": "Organic Search",
    "paid_search": "Paid Search",
    "social": "Organic Social",
    "email": "Email",
    "referral": "Referral",
    "display": "Display",
    "direct_traffic": "Direct",
}

pytestmark = pytest.mark.skipif(
    not OLIST.exists(), reason=f"Olist's two files are not part of the project; this test reads them from {OLIST}"
)


def rows(name: str) -> list[dict[str, str]]:
    with (OLIST / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Joined:
    """Revenue and sales by channel and by source, joined by hand."""

    def __init__(self) -> None:
        leads = {lead["mql_id"]: lead for lead in rows("olist_marketing_qualified_leads_dataset.csv")}
        self.leads = len(leads)
        self.deals = rows("olist_closed_deals_dataset.csv")
        self.revenue: dict[str, Decimal] = defaultdict(Decimal)
        self.sales: Counter[str] = Counter()
        self.of_source: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
        self.too_late = []
        for deal in self.deals:
            lead = leads[deal["mql_id"]]
            seen = datetime.fromisoformat(lead["first_contact_date"]).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))
            late = seen > datetime.fromisoformat(deal["won_date"] + "+00:00")
            amount = Decimal(deal["declared_monthly_revenue"])
            channel = "Unattributed" if late else CHANNELS.get(lead["origin"], "Unassigned")
            source = "Unattributed" if late else lead["origin"] or "(not set)"
            self.too_late += [deal["mql_id"]] * late
            self.revenue[channel] += amount
            self.sales[channel] += 1
            count, money = self.of_source[source]
            self.of_source[source] = (count + 1, money + amount)


def test_revenue_and_sales_by_channel_equal_a_plain_join_of_the_two_files(closedloop: Closedloop) -> None:
    joined = Joined()
    with closedloop.up("--config", EXAMPLE / "closedloop.yaml"):
        for _ in range(2):  # the second time changes nothing
            _import(closedloop, "touchpoints", "olist_marketing_qualified_leads_dataset.csv", joined.leads)
            _import(closedloop, "deals", "olist_closed_deals_dataset.csv", len(joined.deals))
        closedloop.run("wait", "--drained")

        by_channel = closedloop.report("revenue_by_channel")
        by_source = closedloop.report("sales_by_websource")
        assert {row["model"] for row in by_channel} == set(RULES)
        for model in RULES:
            own = [row for row in by_channel if row["model"] == model]
            assert _sums(own, "channel", "revenue") == joined.revenue
            assert _sums(own, "channel", "deals") == joined.sales
            sources = [row for row in by_source if row["model"] == model]
            assert _sums(sources, "source", "sales") == {s: count for s, (count, _) in joined.of_source.items()}
            assert _sums(sources, "source", "revenue") == {s: money for s, (_, money) in joined.of_source.items()}

        assert len(joined.too_late) == 1
        assert joined.sales["Unattributed"] == 1
        explained = closedloop.run("explain", "deal", joined.too_late[0])
        assert "Unattributed" in explained
        assert "0 sessions" in explained


def _import(closedloop: Closedloop, what: str, file: str, rows: int) -> None:
    mapping = EXAMPLE / f"{what}.map.yaml"
    said = closedloop.run("import", what, OLIST / file, "--map", mapping)
    assert f"{rows:,} of {rows:,} {what} taken" in said


def _sums(found: list[dict[str, str]], by: str, measure: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in found:
        sums[row[by]] += Decimal(row[measure])
    return sums
