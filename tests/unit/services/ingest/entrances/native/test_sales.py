"""What becomes of deals, lead actions, spend and rates."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.crm import DEFAULT, Crm, crms
from services.ingest.domain.rejection import Rejected
from services.ingest.entrances.native import deal, lead_action, spend
from shared.events.deal import Deal
from shared.events.lead_action import LeadAction
from shared.events.spend import Spend
from shared.events.touchpoint import Account
from tests.unit.services.ingest.receipts import RECEIVED, receipt

WON = {"id": "d1", "status": "won", "amount": "10.10", "currency": "eur", "closed_at": "2026-02-01T00:00:00Z"}


def a_deal(crm: Crm | None = None, **fields: Any) -> Deal:
    body = msgspec.json.encode(WON | fields)
    return deal.normalise(msgspec.json.decode(body, type=deal.NativeDeal), receipt(crm=crm or Crm()), 3)


def a_cost(crm: Crm | None = None, **fields: Any) -> Spend:
    sent = {"day": "2026-03-01", "source": " google ", "medium": "cpc", "cost": "12.34", "currency": "USD"} | fields
    return spend.normalise_spend(msgspec.convert(sent, spend.NativeSpend), receipt(crm=crm or Crm()), 4)


def an_act(**fields: Any) -> LeadAction:
    return lead_action.normalise(
        msgspec.convert({"action": "accepted", "email": "a@b.co"} | fields, lead_action.NativeLeadAction), receipt(), 0
    )


@pytest.mark.parametrize(
    ("sent", "amount"),
    [("10.10", "10.10"), (msgspec.Raw(b"10.10"), "10.10"), (msgspec.Raw(b"1e3"), "1000"), ("0", "0")],
)
def test_amounts_are_exact_as_text_or_number(sent: Any, amount: str) -> None:
    assert a_deal(amount=sent).amount == Decimal(amount)


def test_a_deal_is_as_new_as_its_receipt_and_began_when_its_crm_says_or_nobody_knows() -> None:
    found = a_deal(contacts=[" Ann@Example.com", "ann@example.com", ""])
    assert (found.created_at, found.closed_at) == (None, datetime(2026, 2, 1, tzinfo=UTC))
    assert found.updated_at == RECEIVED
    assert found.contacts == ("ann@example.com",)
    assert found.currency == "EUR"


def test_an_open_deal_needs_no_amount_and_has_no_close() -> None:
    for missing in ({"status": "open"}, {"status": None}):
        found = a_deal(**missing, amount=None, currency=None)
        assert (found.status, found.amount, found.currency, found.closed_at) == ("open", None, deal.NO_CURRENCY, None)


def test_a_deleted_deal_needs_only_its_id() -> None:
    sent = {"amount": None, "currency": None, "closed_at": None}
    assert a_deal(status="deleted", **sent).status == "deleted"


def test_a_won_deal_that_does_not_say_when_was_closed_by_the_version_that_says_so() -> None:
    found = a_deal(closed_at=None, updated_at="2026-02-03T00:00:00Z")
    assert found.closed_at == found.updated_at == datetime(2026, 2, 3, tzinfo=UTC)
    assert found.flags == (deal.NO_CLOSE,)


@pytest.mark.parametrize("field", ["created_at", "updated_at", "closed_at"])
def test_a_time_of_a_deal_more_than_a_day_ahead_is_clamped_with_a_flag(field: str) -> None:
    near, far = ({field: time} for time in ("2026-03-03T07:59:59Z", "2099-01-01T00:00:00Z"))
    assert a_deal(None, **near).flags == ()
    found = a_deal(None, **far)
    assert (getattr(found, field), found.flags) == (RECEIVED, (f"{field}_clamped",))


def test_a_refund_of_the_future_is_clamped_and_an_expected_close_is_not_a_close() -> None:
    found = a_deal(refunds=[{"id": "r", "amount": 1, "at": "2031-01-01T00:00:00Z"}])
    assert (found.refunds[0].at, found.flags) == (RECEIVED, ("refunds[0].at_clamped",))
    assert a_deal(status="open", closed_at="2031-01-01T00:00:00Z").flags == ()


def test_two_crms_with_a_deal_1001_have_two_deals_and_two_sources_of_one_crm_share_it() -> None:
    both = crms(["crm", "eu", "crm"])
    default, eu = (a_deal(both[name], id=1001, account={"id": "A1"}) for name in ("crm", "eu"))
    assert (default.deal_id, default.crm, default.account) == ("1001", "crm", Account("A1"))
    assert (eu.deal_id, eu.crm, eu.account) == ("eu:1001", "eu", Account("eu:A1"))
    sent = msgspec.convert(WON | {"id": "1001"}, deal.NativeDeal, strict=False)
    shared = [deal.normalise(sent, receipt(source=name, crm=both["eu"]), 0).deal_id for name in ("csv", "webhook")]
    assert shared == ["eu:1001", "eu:1001"]


names = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,5}", fullmatch=True)
ids = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=9)


@given(st.sets(names, max_size=3), names, ids, names, ids)
def test_no_id_of_one_crm_is_an_id_of_another(configured: set[str], one: str, a: str, other: str, b: str) -> None:
    known = crms([DEFAULT, one, other, *configured])
    for mine in (a, f"{other}:{b}"):
        try:
            first, second = known[one].own(mine, "id"), known[other].own(b, "id")
        except Rejected as why:
            assert why.problems[0].path == "id"
            continue
        assert (first == second) == (one == other and mine == b)


def test_an_id_of_the_default_crm_may_not_look_like_another_crms() -> None:
    both = crms(["crm", "eu"])
    for sent, path in (({"id": "eu:1001"}, "id"), ({"account": {"id": "eu:A1"}}, "account.id")):
        with pytest.raises(Rejected) as caught:
            a_deal(both["crm"], **sent)
        assert caught.value.problems[0].path == path
    assert a_deal(both["crm"], id="eu-1").deal_id == "eu-1"
    assert a_deal(both["eu"], id="eu:1").deal_id == "eu:eu:1"


def test_junk_of_a_deal_is_left_out_but_its_own_id_is_needed() -> None:
    found = a_deal(account={"id": "0", "domain": "acme.com"}, contacts=["none@none.com", "n/a", "ann@acme.com"])
    assert (found.account, found.contacts) == (Account(None, "acme.com"), ("ann@acme.com",))
    assert set(found.flags) == {"account_id_junk", "contacts_junk"}
    with pytest.raises(Rejected, match="id: is a placeholder"):
        a_deal(id="undefined")


def test_each_knows_its_place_in_its_request() -> None:
    assert (a_deal().position, a_cost().position) == (3, 4)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"id": " "}, "id"),
        ({"amount": None}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1e99"}, "amount"),
        ({"amount": "0.0000001"}, "amount"),
        ({"currency": None}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "XYZ"}, "currency"),
        ({"amount": "1e13"}, "amount"),
        ({"amount": "10000000000000.00"}, "amount"),
        ({"amount": msgspec.Raw(b"1e-999999999")}, "amount"),
        ({"amount": "1e-999999999"}, "amount"),
        ({"amount": "1e999999999"}, "amount"),
        ({"amount": "sNaN"}, "amount"),
        ({"amount": "Infinity"}, "amount"),
        ({"amount": "1." + "0" * 50}, "amount"),
        ({"refunds": [{"id": "r", "amount": "1e13", "at": "2026-02-02T00:00:00Z"}]}, "refunds[0].amount"),
        ({"refunds": [{"id": "r", "amount": "1", "at": "9999-01-01T00:00:00Z"}]}, "refunds[0].at"),
        ({"closed_at": "9999-12-31T23:59:59-14:00"}, "closed_at"),
        ({"status": "open", "closed_at": "9999-12-31T00:00:00Z"}, "closed_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
        ({"updated_at": "2100-01-01T00:00:00Z"}, "updated_at"),
        ({"owner": "x" * 513}, "owner"),
        ({"name": "x" * 513}, "name"),
        ({"contacts": ["a@b.co"] * 501}, "contacts"),
        ({"closed_at": None}, "closed_at"),
        ({"closed_at": "1999-01-01T00:00:00Z"}, "closed_at"),
        ({"status": "lost", "closed_at": None}, "closed_at"),
        ({"contacts": ["a@b.co", "nope"]}, "contacts[1]"),
        ({"refunds": [{"id": "r", "amount": "-1", "at": "2026-02-02T00:00:00Z"}]}, "refunds[0].amount"),
        ({"refunds": [{"id": " ", "amount": "1", "at": "2026-02-02T00:00:00Z"}]}, "refunds[0].id"),
        ({"updated_at": "0001-01-01T00:00:00+14:00"}, "updated_at"),
    ],
)
def test_a_deal_that_cannot_be_booked_is_rejected_with_the_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(Rejected) as caught:
        a_deal(**fields)
    assert caught.value.problems[0].path == path


def test_refunds_are_kept_with_their_own_ids() -> None:
    found = a_deal(refunds=[{"id": 1, "amount": 2.5, "at": "2026-02-02T00:00:00Z", "reason": "late"}])
    assert [(r.id, r.amount, r.reason) for r in found.refunds] == [("1", Decimal("2.5"), "late")]


def test_an_act_says_who_did_it_and_what_was_corrected() -> None:
    found = an_act(actor=" lee ", user_id="null", occurred_at=datetime(2099, 1, 1, tzinfo=UTC))
    assert (found.actor, found.user_id, found.occurred_at) == ("lee", None, RECEIVED)
    assert found.flags == ("occurred_at_clamped", "user_id_junk")


def test_an_act_without_an_id_or_an_actor_keeps_the_id_it_has_always_had() -> None:
    assert an_act(occurred_at=datetime(2026, 3, 1, tzinfo=UTC)).action_id == "de364959-8ff0-5fcc-919b-b46e9b48befa"


def test_the_same_act_sent_twice_is_one_and_untimed_acts_are_each_their_own() -> None:
    timed = {"occurred_at": datetime(2026, 3, 1, tzinfo=UTC)}
    assert an_act(**timed).action_id == an_act(**timed).action_id
    assert an_act(**timed).action_id != an_act(**timed, owner="eve").action_id
    assert an_act(id="1").action_id == an_act(id=1, owner="eve").action_id
    untimed = lead_action.NativeLeadAction(action="accepted", email="a@b.co")
    ids = {lead_action.normalise(untimed, receipt(), index).action_id for index in (0, 1)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"email": None}, "person_id"),
        ({"action": "rejected"}, "reason"),
        ({"action": "rejected", "reason": " "}, "reason"),
        ({"action": "assigned"}, "owner"),
        ({"email": "nope"}, "email"),
        ({"email": None, "user_id": "undefined"}, "user_id"),
        ({"occurred_at": datetime(9999, 1, 1, tzinfo=UTC)}, "occurred_at"),
        ({"reason": "x" * 2001}, "reason"),
        ({"actor": "x" * 513}, "actor"),
    ],
)
def test_an_act_without_what_it_takes_is_rejected(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(Rejected) as caught:
        an_act(**fields)
    assert caught.value.problems[0].path == path


def test_spend_is_one_row_for_a_day_source_medium_and_campaign() -> None:
    found = a_cost()
    assert (found.source, found.cost, found.updated_at) == ("google", Decimal("12.34"), RECEIVED)
    assert spend.spend_key(found) == '["2026-03-01","google","cpc",""]'


def test_two_crms_report_costs_of_their_own() -> None:
    both = crms(["crm", "eu"])
    assert a_cost(both["eu"]).crm == "eu"
    assert spend.spend_key(a_cost(both["eu"])) != spend.spend_key(a_cost(both["crm"]))


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2100-01-01", "9999-12-31"])
def test_a_day_without_business_is_rejected(day: str) -> None:
    with pytest.raises(Rejected) as caught:
        a_cost(day=day)
    assert caught.value.problems[0].path == "day"
    rate = {"day": day, "base": "EUR", "quote": "USD", "rate": "1"}
    with pytest.raises(Rejected, match=r"^day"):
        spend.normalise_fx_rate(msgspec.convert(rate, spend.NativeFxRate), receipt(), 0)


@given(st.decimals(min_value=0, max_value=Decimal("9999999999999.999999"), places=6), st.integers(0, 9))
def test_an_amount_within_the_bound_is_kept_to_the_last_digit_however_it_is_written(
    amount: Decimal, zeros: int
) -> None:
    for written in (str(amount), f"{amount:f}", f"{amount:f}" + "0" * zeros, f"{amount:E}"):
        found = a_deal(amount=written).amount
        assert found == amount
        assert "E" not in str(found).upper() or found == 0


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "1e40", "1." + "0" * 60, "1e-999999999"])
def test_a_rate_is_above_zero(rate: str) -> None:
    sent = {"day": "2026-03-01", "base": "EUR", "quote": "USD", "rate": rate}
    with pytest.raises(Rejected, match=r"^rate: "):
        spend.normalise_fx_rate(msgspec.convert(sent, spend.NativeFxRate), receipt(), 0)
