"""What becomes of a native touchpoint."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.rejection import Rejected
from services.ingest.domain.times import CLAMPED, FUTURE, OLDEST, corrected
from services.ingest.entrances.native.touchpoint import NativeTouchpoint, key_of, normalise
from shared.events import decode, encode
from shared.events.ids import NAMESPACE, Sender
from shared.events.touchpoint import KINDS, Account, Campaign, Page, Touchpoint
from tests.unit.services.ingest.receipts import RECEIVED, receipt

MINIMAL = {"id": "1", "kind": "page_view", "anonymous_id": "a"}
moments = st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=14))) | st.none())


def made(**fields: Any) -> Touchpoint:
    return normalise(msgspec.convert(MINIMAL | fields, NativeTouchpoint), receipt(), 0)


def problems(**fields: Any) -> dict[str, str]:
    with pytest.raises(Rejected) as caught:
        made(**fields)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_every_field_arrives_where_its_name_says() -> None:
    found = made(
        occurred_at="2026-03-01T10:00:00+02:00",
        user_id=42,
        email=" Ann@Example.COM ",
        ids={"hubspot": 7, "blank": " "},
        account={"id": "A1", "domain": "example.com", "name": "Example"},
        page={"url": "https://example.com/p", "title": "t", "referrer": "https://r.example"},
        campaign={"source": "s", "medium": "m", "name": "n", "term": "t", "content": "c", "id": "i"},
        click_ids={"gclid": "g"},
        properties={"deep": [{"x": 1}]},
        consent={"marketing": "granted"},
        user_agent="agent",
        ip="203.0.113.7",
    )
    assert found == Touchpoint(
        touchpoint_id=str(uuid.uuid5(NAMESPACE, "web\0" + "1")),
        source="web",
        kind="page_view",
        occurred_at=datetime(2026, 3, 1, 8, tzinfo=UTC),
        received_at=RECEIVED,
        anonymous_id="a",
        user_id="42",
        email="ann@example.com",
        ids={"hubspot": "7"},
        account=Account("A1", "example.com", "Example"),
        page=Page("https://example.com/p", "t", "https://r.example"),
        campaign=Campaign("s", "m", "n", "t", "c", "i"),
        click_ids={"gclid": "g"},
        properties={"deep": [{"x": 1}]},
        consent="granted",
        user_agent="agent",
        ip="203.0.113.7",
        group_call=False,
        flags=(),
    )


def test_a_minimal_touchpoint_happened_when_it_was_received_and_consent_is_unknown() -> None:
    found = made()
    assert (found.occurred_at, found.consent, found.flags) == (RECEIVED, "unknown", ())


def test_one_rejection_names_every_problem() -> None:
    assert problems(id=" ", kind="pageview", anonymous_id="").keys() == {"id", "kind", "anonymous_id"}


@pytest.mark.parametrize(
    ("identifier", "key"),
    [({"user_id": "u", "email": "a@b.co"}, "u"), ({"email": "A@b.co"}, "a@b.co"), ({"ids": {"crm": 1}}, "1")],
)
def test_any_one_identifier_is_enough_and_the_first_decides_the_partition(identifier: dict[str, Any], key: str) -> None:
    assert key_of(made(anonymous_id=None, **identifier)) == key
    assert key_of(made(**identifier)) == "a"


@pytest.mark.parametrize("kind", [*sorted(KINDS), "custom:demo", "custom:a.b-c_d:e"])
def test_known_and_custom_kinds_are_taken(kind: str) -> None:
    assert made(kind=kind).kind == kind


@pytest.mark.parametrize("kind", ["custom:", "custom:Big", "custom:a b", "custom:" + "x" * 101, "", "Page_View"])
def test_any_other_kind_is_rejected_with_the_list_of_kinds(kind: str) -> None:
    assert "page_view" in problems(kind=kind)["kind"]


@pytest.mark.parametrize("email", ["ann", "ann@", "@b.co", "a b@c.de", "a@b", "a@b..co", "a@.co", "x" * 65 + "@b.co"])
def test_what_cannot_be_an_address_is_rejected(email: str) -> None:
    assert problems(email=email) == {"email": "is not an email address"}


def test_too_long_an_identifier_and_too_deep_properties_are_rejected() -> None:
    deep: dict[str, Any] = {}
    for _ in range(10):
        deep = {"in": deep}
    assert "512" in problems(user_id="x" * 513)["user_id"]
    assert "10 deep" in problems(properties=deep)["properties"]
    assert made(properties=deep["in"]).properties == deep["in"]


def test_the_same_id_of_another_source_is_another_touchpoint() -> None:
    assert Sender("a").event_id("1") != Sender("b").event_id("1")


@given(st.text(), st.text(min_size=1))
def test_ids_are_uuid5_of_source_and_client_id(source: str, client_id: str) -> None:
    assert Sender(source).event_id(client_id) == str(uuid.uuid5(NAMESPACE, f"{source}\0{client_id}"))


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3000)), st.timedeltas())
def test_a_wrong_clock_is_taken_out_when_the_sender_says_when_it_sent(ago: timedelta, skew: timedelta) -> None:
    try:
        occurred, sent = RECEIVED - ago + skew, RECEIVED + skew
    except OverflowError:
        return
    assert corrected(occurred, sent, RECEIVED) == (RECEIVED - ago, ())


@given(st.none() | moments, st.none() | moments)
def test_every_time_is_sane_and_in_utc_or_clamped(occurred: datetime | None, sent: datetime | None) -> None:
    at, flags = corrected(occurred, sent, RECEIVED)
    assert at.tzinfo is UTC
    assert OLDEST <= at <= RECEIVED + FUTURE
    assert flags in ((), (CLAMPED,))
    assert not flags or at == RECEIVED


@pytest.mark.parametrize(
    ("occurred", "flags"),
    [
        (datetime(1999, 12, 31, tzinfo=UTC), (CLAMPED,)),
        (datetime(2000, 1, 1, tzinfo=UTC), ()),
        (RECEIVED + timedelta(hours=14), ()),
        (RECEIVED + timedelta(days=1, seconds=1), (CLAMPED,)),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), (CLAMPED,)),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), (CLAMPED,)),
    ],
)
def test_absurd_times_are_clamped_and_flagged(occurred: datetime, flags: tuple[str, ...]) -> None:
    at, found = corrected(occurred, None, RECEIVED)
    assert found == flags
    assert at == (RECEIVED if flags else occurred)


def test_a_normalised_touchpoint_survives_the_topic() -> None:
    found = made(properties={"n": 1, "list": [1, "x", None]}, email="a@b.co")
    assert decode(encode(found), [("ce_type", b"closedloop.touchpoint.v1")]) == found
