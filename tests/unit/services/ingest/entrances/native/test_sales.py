"""What becomes of deals, lead actions, spend and rates."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from services.ingest.domain.rejection import Rejected
from services.ingest.entrances.native import deal, lead_action, spend
from shared.events.deal import Deal
from shared.events.lead_action import LeadAction
from tests.unit.services.ingest.receipts import RECEIVED, receipt

WON = {"id": "d1", "status": "won", "amount": "10.10", "currency": "eur", "closed_at": "2026-02-01T00:00:00Z"}


def a_deal(**fields: Any) -> Deal:
    body = msgspec.json.encode(WON | fields)
    return deal.normalise(msgspec.json.decode(body, type=deal.NativeDeal), receipt(), 0)


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


def test_a_won_deal_began_at_its_close_unless_it_says_and_is_as_new_as_its_receipt() -> None:
    found = a_deal(contacts=[" Ann@Example.com", "ann@example.com", ""])
    assert found.created_at == found.closed_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert found.updated_at == RECEIVED
    assert found.contacts == ("ann@example.com",)
    assert found.currency == "EUR"


def test_an_open_deal_needs_no_amount_and_has_no_close() -> None:
    found = a_deal(status="open", amount=None, currency=None)
    assert (found.amount, found.currency, found.closed_at) == (0, deal.NO_CURRENCY, None)


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
    ],
)
def test_an_act_without_what_it_takes_is_rejected(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(Rejected) as caught:
        an_act(**fields)
    assert caught.value.problems[0].path == path


def test_spend_is_one_row_for_a_day_source_medium_and_campaign() -> None:
    sent = {"day": "2026-03-01", "source": " google ", "medium": "cpc", "cost": "12.34", "currency": "USD"}
    found = spend.normalise_spend(msgspec.convert(sent, spend.NativeSpend), receipt(), 0)
    assert (found.source, found.cost, found.updated_at) == ("google", Decimal("12.34"), RECEIVED)
    assert spend.spend_key(found) == '["2026-03-01","google","cpc",""]'


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "1e40"])
def test_a_rate_is_above_zero(rate: str) -> None:
    sent = {"day": "2026-03-01", "base": "EUR", "quote": "USD", "rate": rate}
    with pytest.raises(Rejected, match="rate: must be above zero"):
        spend.normalise_fx_rate(msgspec.convert(sent, spend.NativeFxRate), receipt(), 0)
