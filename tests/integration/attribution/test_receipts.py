"""Of several receipts of one event the first stands, and of several versions of one moment the last."""

import random
from decimal import Decimal
from itertools import permutations

import msgspec
import pytest

from shared.errors import BadRecord
from shared.events.spend import Spend
from tests.databases import fresh_database
from tests.engines import Engines
from tests.integration.attribution.company import ADS, MAIL, SOCIAL, day, deal, person, touch
from tests.integration.attribution.taking import Taking, split, taking


async def test_the_first_receipt_of_a_touch_stands_in_whatever_order_receipts_come(engines: Engines) -> None:
    receipts = [
        touch("1", 1, ADS, received_at=day(2), position=1),
        touch("1", 1.5, MAIL, received_at=day(2), position=0),
        touch("1", 2, SOCIAL, received_at=day(3), position=0),
    ]
    for order in permutations(receipts):
        with fresh_database(engines.database_url) as url:
            async with taking(url) as attribution:
                await attribution.take(person(), deal("won", "100", 5))
                for receipt in order:
                    await attribution.take(receipt)
                assert await attribution.credited("last") == [("booked", "Email", "100.00")]
                [stored] = await attribution.rows("SELECT occurred_at, position FROM warehouse.fct_touchpoint")
                assert stored == {"occurred_at": day(1.5), "position": 0}


async def test_within_a_batch_too_the_first_receipt_stands(attribution: Taking) -> None:
    later, first = touch("1", 1, ADS, received_at=day(3)), touch("1", 1, MAIL, received_at=day(2))
    await attribution.take(later, first, later, person(), deal("won", "100", 5))
    assert await attribution.credited("last") == [("booked", "Email", "100.00")]


async def test_an_earlier_receipt_takes_the_credit_of_a_later_one_away(attribution: Taking) -> None:
    somebody_else = {"anonymous_id": "a9"}
    await attribution.take(touch("1", 1, ADS, received_at=day(3)), person(), deal("won", "100", 5))
    assert await attribution.credited("last") == [("booked", "Paid Search", "100.00")]
    await attribution.take(touch("1", 1, ADS, received_at=day(2), **somebody_else))
    assert await attribution.credited("last") == [("booked", "Unattributed", "100.00")]


@pytest.mark.parametrize("seed", range(2))
async def test_versions_of_one_moment_stand_by_receipt_in_whatever_order_they_come(engines: Engines, seed: int) -> None:
    chance = random.Random(seed)
    versions = [
        deal("won", str(100 * (n + 1)), 1, received_at=day(1 + n % 3), position=n // 3, name=f"v{n}") for n in range(6)
    ]
    again = msgspec.structs.replace(versions[0], received_at=day(9))
    for last, some in ((versions[5], versions), (again, [*versions, again])):
        with fresh_database(engines.database_url) as url:
            async with taking(url) as attribution:
                for batch in split(chance.sample(some, len(some)), 2):
                    await attribution.take(*batch)
                [stored] = await attribution.rows("SELECT amount, name FROM warehouse.fct_deal")
                assert stored == {"amount": last.amount, "name": last.name}
                [net] = await attribution.rows(
                    "SELECT sum(amount) AS net FROM warehouse.fct_deal_entry WHERE superseded_at IS NULL"
                )
                assert net["net"] == last.amount


async def test_a_version_dated_in_2099_is_followed_by_later_ones(attribution: Taking) -> None:
    wrong_clock = deal("open", "500", 2, updated_at=day(27_000))
    await attribution.take(touch("1", 1), person(), deal("won", "500", 1), wrong_clock, deal("won", "700", 9, 1))
    [stored] = await attribution.rows("SELECT status, amount::text, updated_at FROM warehouse.fct_deal")
    assert stored == {"status": "won", "amount": "700", "updated_at": day(9)}
    months = await attribution.rows("SELECT DISTINCT month FROM warehouse.revenue_by_channel ORDER BY month")
    assert [row["month"].year for row in months] == [2026]


async def test_two_crms_have_a_deal_each_and_neither_writes_the_others(attribution: Taking) -> None:
    ours, theirs = deal("won", "100", 1, deal_id="1001"), deal("won", "70", 2, deal_id="hub:1001", crm="hub")
    await attribution.take(ours, theirs)
    rows = await attribution.rows("SELECT deal_id, crm, amount::text FROM warehouse.fct_deal ORDER BY deal_id")
    assert [tuple(row.values()) for row in rows] == [("1001", "crm", "100"), ("hub:1001", "hub", "70")]
    with pytest.raises(BadRecord, match="hub:<id>"):
        await attribution.take(deal("lost", "0", 3, deal_id="1001", crm="hub"))


async def test_what_two_crms_spend_on_one_campaign_adds_up(attribution: Taking) -> None:
    def cost(amount: str, crm: str, at: float, position: int = 0) -> Spend:
        on = day(0).date()
        return Spend(on, "google", "cpc", Decimal(amount), "USD", day(0), day(at), "brand", crm, position)

    await attribution.take(cost("10", "crm", 1), cost("5", "hub", 1), cost("7", "hub", 2, 1), cost("6", "hub", 2, 0))
    rows = await attribution.rows("SELECT crm, cost::text FROM warehouse.fct_spend ORDER BY crm")
    assert [tuple(row.values()) for row in rows] == [("crm", "10"), ("hub", "7")]


async def test_an_open_deal_without_amount_is_incomplete_and_not_without_rate(attribution: Taking) -> None:
    bare = deal("open", None, 2, currency="EUR")
    await attribution.take(touch("1", 1), person(), bare)
    [stored] = await attribution.rows("SELECT amount FROM warehouse.fct_deal")
    assert stored["amount"] is None
    [pipeline] = await attribution.rows(
        "SELECT pipeline::text, deals, deals_without_rate FROM warehouse.pipeline_by_channel WHERE model = 'last'"
    )
    assert pipeline == {"pipeline": "0.00", "deals": 1, "deals_without_rate": 0}


async def test_a_deal_that_never_said_when_it_began_did_so_when_it_was_first_heard_of(attribution: Taking) -> None:
    late, early = deal("open", "9", 6, created_at=None), deal("open", "5", 3, created_at=None)
    for version in (late, early):
        await attribution.take(version)
    assert await attribution.rows("SELECT created_at FROM warehouse.fct_deal") == [{"created_at": day(3)}]


async def test_a_night_of_identify_calls_takes_nothing_from_the_ad(attribution: Taking) -> None:
    nightly = [touch(f"sync{n}", 2 + n, None, kind="identify") for n in range(3)]
    machine = [touch(f"cron{n}", 2.5 + n, None, kind="custom:invoice_sent") for n in range(3)]
    await attribution.take(touch("ad", 1, ADS), *nightly, *machine, person(), deal("won", "100", 9))
    for model in ("linear", "last", "last_non_direct"):
        assert await attribution.credited(model) == [("booked", "Paid Search", "100.00")]


async def test_a_run_names_the_rules_that_all_its_touches_were_classified_by(attribution: Taking) -> None:
    await attribution.take(touch("1", 1), person(), deal("won", "100", 5))
    [run] = await attribution.rows("SELECT channel_rules_version AS version FROM warehouse.attribution_run")
    [rules] = await attribution.rows("SELECT version, is_open FROM warehouse.channel_rules WHERE version IS NOT NULL")
    assert rules == {"version": run["version"], "is_open": True}
