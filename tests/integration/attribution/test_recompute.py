"""What makes a deal's credit change, and what does not."""

from datetime import UTC, datetime
from decimal import Decimal

from services.attribution.config import Attribution
from services.attribution.recompute.compute import Done
from shared.events.deal import Deal
from shared.events.person import IdentifierSpan
from shared.events.spend import Spend
from shared.events.touchpoint import Account
from tests.integration.attribution.company import (
    ADS,
    MAIL,
    SOCIAL,
    day,
    deal,
    email,
    fx,
    named,
    person,
    random_company,
    refund,
    touch,
)
from tests.integration.attribution.taking import Taking, taking

HISTORY = """
SELECT kind, amount::text, superseded_at IS NULL AS stands FROM warehouse.fct_deal_entry
WHERE deal_id = 'd1' ORDER BY recorded_at, kind
"""


async def test_a_deal_is_credited_to_the_touches_of_its_accounts_people(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), touch("2", 2, MAIL), person(), deal("won", "100", 5))
    assert await attribution.credited("first") == [("booked", "Paid Search", "100.00")]
    assert await attribution.credited("linear") == [("booked", "Paid Search", "50.00"), ("booked", "Email", "50.00")]


async def test_events_that_come_again_change_nothing(attribution: Taking) -> None:
    events = random_company(3)
    await attribution.take(*events)
    before = await attribution.facts()
    counts = "SELECT (SELECT count(*) FROM warehouse.fct_credit) + (SELECT count(*) FROM warehouse.fct_deal_entry) AS n"
    rows = await attribution.rows(counts)
    assert (await attribution.take(*events)).changed == 0
    assert await attribution.facts() == before
    assert await attribution.rows(counts) == rows


async def test_a_deletion_that_names_nobody_takes_the_money_back_from_whoever_earned_it(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(), deal("won", "100", 5))
    deleted = Deal("d1", "crm", "deleted", None, "XXX", None, updated_at=day(7), received_at=day(7))
    await attribution.take(deleted)
    assert await attribution.credited("first") == [
        ("booked", "Paid Search", "100.00"),
        ("reopened", "Paid Search", "-100.00"),
    ]


async def test_a_late_touch_changes_the_deals_it_belongs_to_and_no_other(attribution: Taking) -> None:
    other = deal("won", "70", 5, deal_id="d2", account=Account(id="other"))
    await attribution.take(touch("2", 2, MAIL), person(), deal("won", "100", 5), other)
    assert await attribution.take(touch("1", 1, ADS)) == Done(1, 1)
    assert await attribution.credited("first") == [("booked", "Paid Search", "100.00")]
    assert await attribution.credited("first", "d2") == [("booked", "Unattributed", "70.00")]


async def test_a_touch_after_the_close_is_not_even_looked_at(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(), deal("won", "100", 5))
    assert await attribution.take(touch("2", 6, MAIL)) == Done(0, 0)


async def test_a_deal_whose_only_touch_comes_after_its_close_is_unattributed(attribution: Taking) -> None:
    await attribution.take(touch("1", 6), person(), deal("won", "100", 5))
    assert await attribution.credited("linear") == [("booked", "Unattributed", "100.00")]


async def test_an_identity_found_late_brings_its_touches(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(identifiers=(email("ann@acme.com"),)), deal("won", "100", 5))
    assert await attribution.credited("last") == [("booked", "Unattributed", "100.00")]
    assert await attribution.take(person(version=2)) == Done(1, 1)
    assert await attribution.credited("last") == [("booked", "Paid Search", "100.00")]


async def test_an_identity_taken_back_takes_its_touches_along(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(), deal("won", "100", 5))
    await attribution.take(person(version=2, identifiers=(email("ann@acme.com"),)))
    assert await attribution.credited("last") == [("booked", "Unattributed", "100.00")]


async def test_an_older_version_of_a_person_is_not_believed(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(version=3), deal("won", "100", 5))
    assert await attribution.take(person(version=2, identifiers=())) == Done(0, 0)


async def test_a_shared_browser_belongs_to_whoever_had_it_then(attribution: Taking) -> None:
    ann = person("ann", identifiers=(email("ann@acme.com"), IdentifierSpan("anonymous_id", "a1", until=day(3))))
    bob_spans = (email("bob@rival.com"), IdentifierSpan("anonymous_id", "a1", since=day(3)))
    bob = person("bob", account="rival", identifiers=bob_spans)
    theirs = deal("won", "70", 9, deal_id="d2", account=Account(id="rival"))
    await attribution.take(touch("1", 1, ADS), touch("2", 4, MAIL), ann, bob, deal("won", "100", 9), theirs)
    assert await attribution.credited("linear") == [("booked", "Paid Search", "100.00")]
    assert await attribution.credited("linear", "d2") == [("booked", "Email", "70.00")]


async def test_a_contact_earns_though_she_is_of_another_account(attribution: Taking) -> None:
    contact = deal("won", "100", 5, contacts=("ann@acme.com",), account=Account(id="elsewhere"))
    await attribution.take(touch("1", 1), person(account=None), contact)
    assert await attribution.credited("last") == [("booked", "Paid Search", "100.00")]


async def test_an_account_found_by_a_contact_brings_her_colleagues(attribution: Taking) -> None:
    colleague = person("bob", identifiers=(email("bob@gmail.com"), IdentifierSpan("anonymous_id", "a2")))
    unnamed = deal("won", "100", 5, account=None, contacts=("ann@acme.com",))
    await attribution.take(touch("1", 1, SOCIAL, anonymous_id="a2"), colleague, unnamed)
    assert await attribution.credited("last") == [("booked", "Unattributed", "100.00")]
    await attribution.take(person(identifiers=(email("ann@acme.com"),)))
    assert await attribution.credited("last") == [("booked", "Organic Social", "100.00")]
    later = person("cec", identifiers=(IdentifierSpan("anonymous_id", "a3"),))
    await attribution.take(later, touch("2", 2, MAIL, anonymous_id="a3"))
    assert await attribution.credited("last") == [("booked", "Email", "100.00")]


async def test_amending_refunding_and_reopening_add_entries_and_rewrite_none(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), touch("2", 2, MAIL), person(), deal("won", "100.01", 5))
    await attribution.take(deal("won", "120.01", 6, 5))
    await attribution.take(deal("won", "120.01", 8, 5, refunds=(refund("r", "0.01", 7),)))
    await attribution.take(deal("lost", "120.01", 9, refunds=(refund("r", "0.01", 7),)))
    assert await attribution.rows(HISTORY) == [
        {"kind": kind, "amount": amount, "stands": True}
        for kind, amount in [("booked", "100.01"), ("amended", "20.00"), ("refunded", "-0.01"), ("reopened", "-120.00")]
    ]
    assert await attribution.credited("linear") == [
        ("booked", "Paid Search", "50.01"),
        ("booked", "Email", "50.00"),
        ("amended", "Paid Search", "10.00"),
        ("amended", "Email", "10.00"),
        ("refunded", "Paid Search", "-0.01"),
        ("refunded", "Email", "0.00"),
        ("reopened", "Paid Search", "-60.00"),
        ("reopened", "Email", "-60.00"),
    ]


async def test_a_version_that_comes_late_supersedes_and_the_past_can_be_had_again(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(), deal("won", "120", 8, 5))
    await attribution.take(deal("won", "100", 6, 5))
    assert await attribution.rows(HISTORY) == [
        {"kind": "booked", "amount": "120", "stands": False},
        {"kind": "amended", "amount": "20", "stands": True},
        {"kind": "booked", "amount": "100", "stands": True},
    ]
    credits = await attribution.rows(
        "SELECT amount_base, superseded_at IS NULL AS stands FROM warehouse.fct_credit WHERE model = 'last' ORDER BY 1"
    )
    assert [(str(row["amount_base"]), row["stands"]) for row in credits] == [
        ("20.00", True),
        ("100.00", True),
        ("120.00", False),
    ]


async def test_an_open_deal_is_pipeline_until_it_is_won(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(), deal("open", "80", 2))
    pipeline = "SELECT channel, pipeline::text FROM warehouse.pipeline_by_channel WHERE model = 'first'"
    assert await attribution.rows(pipeline) == [{"channel": "Paid Search", "pipeline": "80.00"}]
    assert await attribution.rows("SELECT * FROM warehouse.revenue_by_channel") == []
    await attribution.take(deal("won", "90", 5))
    assert await attribution.rows(pipeline) == []
    assert await attribution.credited("first") == [("booked", "Paid Search", "90.00")]


async def test_an_amount_waits_for_its_rate_and_is_reported_until_then(attribution: Taking) -> None:
    on = day(5).date()
    await attribution.take(touch("1", 1), person(), deal("won", "1000", 5, currency="EUR"))
    unrated = (
        "SELECT revenue::text, deals, deals_without_rate AS n FROM warehouse.revenue_by_channel WHERE model = 'last'"
    )
    assert await attribution.rows(unrated) == [{"revenue": "0.00", "deals": 1, "n": 1}]
    await attribution.take(fx("EUR", "USD", on.replace(day=on.day + 1), "1.20"))
    assert await attribution.rows(unrated) == [{"revenue": "0.00", "deals": 1, "n": 1}]
    await attribution.take(fx("EUR", "USD", on.replace(day=on.day - 1), "1.10"))
    assert await attribution.rows(unrated) == [{"revenue": "1100.00", "deals": 1, "n": 0}]
    await attribution.take(fx("USD", "EUR", on, "0.8"))
    assert await attribution.rows(unrated) == [{"revenue": "1250.00", "deals": 1, "n": 0}]


async def test_a_rate_may_go_by_way_of_a_third_currency(attribution: Taking) -> None:
    on = day(0).date()
    pound = deal("won", "100", 5, currency="GBP")
    await attribution.take(touch("1", 1), person(), pound, fx("EUR", "GBP", on, "0.8"), fx("EUR", "USD", on, "1.2"))
    assert await attribution.credited("last") == [("booked", "Paid Search", "150.00")]


async def test_credits_are_whole_minor_units_of_the_base_currency(database_url: str) -> None:
    async with taking(database_url, Attribution(models=("linear",)), "JPY") as tokyo:
        touches = [touch(str(n), n, campaign) for n, campaign in enumerate((ADS, MAIL, SOCIAL))]
        await tokyo.take(*touches, person(), deal("won", "100", 5, currency="JPY"))
        assert [amount for _, _, amount in await tokyo.credited("linear")] == ["34", "33", "33"]


async def test_the_lookback_leaves_older_touches_out(database_url: str) -> None:
    async with taking(database_url, Attribution(lookback_days=3)) as short:
        await short.take(touch("1", 1.99), touch("2", 2, MAIL), person(), deal("won", "100", 5))
        assert await short.credited("first") == [("booked", "Email", "100.00")]


async def test_a_merged_person_leaves_her_touches_to_the_one_who_stays(attribution: Taking) -> None:
    gone = person("gone", identifiers=(IdentifierSpan("anonymous_id", "a1"),), account=None)
    await attribution.take(touch("1", 1), gone, person(identifiers=(email("ann@acme.com"),)), deal("won", "9", 5))
    assert await attribution.credited("last") == [("booked", "Unattributed", "9.00")]
    await attribution.take(
        person("gone", 2, None, identifiers=(), merged_into=named("person", "ann")), person(version=2)
    )
    assert await attribution.credited("last") == [("booked", "Paid Search", "9.00")]
    [owner] = await attribution.rows("SELECT person_id::text, account_id FROM warehouse.touchpoint")
    assert owner == {"person_id": named("person", "ann"), "account_id": "acme"}


async def test_a_run_says_under_what_terms_it_computed(attribution: Taking) -> None:
    before = datetime.now(UTC)
    await attribution.take(touch("1", 1), person(), deal("won", "100", 5))
    [run] = await attribution.rows("SELECT * FROM warehouse.attribution_run")
    assert run["deals"] == 1
    assert before <= run["started_at"] <= run["finished_at"]
    runs = await attribution.rows("SELECT DISTINCT run_id FROM warehouse.fct_credit")
    assert runs == [{"run_id": run["run_id"]}]


async def test_a_deals_domain_finds_the_account_that_has_an_id(attribution: Taking) -> None:
    by_domain = deal("won", "100", 5, account=Account(domain="https://www.acme.com"))
    await attribution.take(touch("1", 1), by_domain, person())
    [found] = await attribution.rows("SELECT account_id, account_rule FROM warehouse.fct_deal")
    assert found == {"account_id": "acme", "account_rule": "domain"}
    assert await attribution.credited("last") == [("booked", "Paid Search", "100.00")]


async def test_spend_has_a_channel_and_a_base_cost_once_there_is_a_rate(attribution: Taking) -> None:
    on = day(0).date()
    spent = Spend(on, "google", "cpc", Decimal("10"), "EUR", day(0), day(0), campaign="brand")
    await attribution.take(spent)
    cost = "SELECT channel, cost::text, cost_base::text FROM warehouse.fct_spend"
    assert await attribution.rows(cost) == [{"channel": "Paid Search", "cost": "10", "cost_base": None}]
    await attribution.take(fx("EUR", "USD", on, "1.25"))
    assert await attribution.rows(cost) == [{"channel": "Paid Search", "cost": "10", "cost_base": "12.50"}]
    older = Spend(on, "google", "cpc", Decimal("99"), "EUR", day(-1), day(0), campaign="brand")
    await attribution.take(older)
    assert await attribution.rows(cost) == [{"channel": "Paid Search", "cost": "10", "cost_base": "12.50"}]
