"""What services promise each other about events."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from shared.errors import BadRecord
from shared.events import TYPES, decode, encode, headers, type_of
from shared.events.deal import Deal, Refund
from shared.events.schema import schemas
from shared.events.touchpoint import Account, Touchpoint
from tests.places import DOCS

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
SCHEMAS = DOCS / "schemas"


def a_touchpoint() -> Touchpoint:
    return Touchpoint("id-1", "site", "page_view", NOON, NOON, anonymous_id="a", account=Account(domain="acme.com"))


def a_deal() -> Deal:
    refund = Refund("r1", Decimal("10.10"), NOON)
    return Deal("d1", "crm", "won", Decimal("1000.10"), "EUR", NOON, NOON, NOON, closed_at=NOON, refunds=(refund,))


@pytest.mark.parametrize("event", [a_touchpoint(), a_deal()], ids=lambda event: type(event).__name__)
def test_an_event_survives_the_wire(event: Touchpoint | Deal) -> None:
    carried = headers(type_of(event).name, "id-1", "test", NOON)
    assert decode(encode(event), carried) == event


def test_money_travels_as_text_so_that_no_cent_is_lost() -> None:
    assert b'"amount":"1000.10"' in encode(a_deal())


@pytest.mark.parametrize(
    ("value", "carried", "reason"),
    [
        (b"{}", [], "no ce_type"),
        (b"{}", [("ce_type", b"closedloop.touchpoint.v9")], "unknown event type 'closedloop.touchpoint.v9'"),
        (b"{}", [("ce_type", b"closedloop.touchpoint.v1")], "missing required field"),
        (b"{nope", [("ce_type", b"closedloop.touchpoint.v1")], "malformed"),
        (b"\xff", [("ce_type", b"closedloop.touchpoint.v1")], "malformed"),
        (None, [("ce_type", b"closedloop.touchpoint.v1")], "no value"),
    ],
)
def test_a_record_that_cannot_be_used_says_why(
    value: bytes | None, carried: list[tuple[str, bytes]], reason: str
) -> None:
    with pytest.raises(BadRecord, match=reason):
        decode(value, carried)


def test_a_newer_senders_extra_field_is_no_error() -> None:
    value = encode(a_touchpoint())[:-1] + b',"invented_later":1}'
    assert decode(value, [("ce_type", b"closedloop.touchpoint.v1")]) == a_touchpoint()


def test_the_published_schemas_are_those_of_the_code() -> None:
    published = {path.name: path.read_text() for path in SCHEMAS.glob("*.json")}
    assert published == schemas(), "run: make schemas"
    assert len(published) == len(TYPES)


@pytest.mark.parametrize(
    ("status", "closed_at", "began"),
    [("won", NOON, NOON), ("lost", NOON, NOON), ("open", NOON, LATER), ("won", LATER, LATER)],
)
def test_a_deal_that_nobody_dated_began_no_later_than_it_closed(
    status: str, closed_at: datetime, began: datetime
) -> None:
    deal = msgspec.structs.replace(a_deal(), status=status, created_at=None, closed_at=closed_at, updated_at=LATER)
    assert deal.since == began
