"""What becomes of a native touchpoint."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.crm import crms
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Rejected
from services.ingest.domain.times import CLAMPED, FUTURE, OLDEST, SENT_AT_IGNORED, YEARS, corrected
from services.ingest.entrances.native.touchpoint import NativeTouchpoint, key_of, normalise
from shared.events import decode, encode
from shared.events.ids import NAMESPACE, Sender
from shared.events.touchpoint import KINDS, Account, Campaign, Page, Touchpoint
from tests.unit.services.ingest.receipts import RECEIVED, receipt

MINIMAL = {"id": "1", "kind": "page_view", "anonymous_id": "a"}
moments = st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=14))) | st.none())


def made(of: Receipt | None = None, at: int = 0, **fields: Any) -> Touchpoint:
    return normalise(msgspec.convert(MINIMAL | fields, NativeTouchpoint), of or receipt(), at)


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


def test_it_says_where_in_its_request_it_stood_and_whether_the_key_was_secret() -> None:
    assert (made(at=7).position, made().trusted, made(receipt(trusted=True)).trusted) == (7, False, True)


@pytest.mark.parametrize("field", ["anonymous_id", "user_id", "email"])
def test_junk_is_left_out_with_a_flag_and_the_event_stays(field: str) -> None:
    sent: dict[str, Any] = {"anonymous_id": "a", "user_id": "u", field: "Undefined"}
    found = made(**sent)
    assert getattr(found, field) is None
    assert found.flags == (f"{field}_junk",)
    assert found.anonymous_id or found.user_id


def test_junk_ids_accounts_and_former_ids_are_left_out_too() -> None:
    found = made(
        user_id="u",
        previous_id="0",
        ids={"hubspot": "null", "sf": "7"},
        account={"id": "0", "name": "n/a"},
        kind="alias",
    )
    assert (found.ids, found.account, found.previous_id) == ({"sf": "7"}, None, None)
    assert set(found.flags) == {"ids_junk", "account_id_junk", "account_name_junk", "previous_id_junk"}


def test_an_event_of_nobody_but_junk_is_rejected_under_that_field() -> None:
    assert "placeholder" in problems(anonymous_id=None, user_id="undefined")["user_id"]
    assert "placeholder" in problems(anonymous_id=None, email="none@none.com")["email"]
    assert "placeholder" in problems(id="undefined")["id"]
    assert made(id=0).touchpoint_id


def test_ids_of_a_crm_mean_something_only_within_it() -> None:
    both = crms(["crm", "eu"])
    fields: dict[str, Any] = {"ids": {"hubspot": 7}, "account": {"id": "A1"}}
    default, eu = (made(receipt(crm=both[name]), **fields) for name in ("crm", "eu"))
    assert (default.ids, default.account) == ({"hubspot": "7"}, Account("A1"))
    assert (eu.ids, eu.account) == ({"hubspot": "eu:7"}, Account("eu:A1"))


def test_a_default_source_may_not_name_an_account_of_another_crm() -> None:
    with pytest.raises(Rejected) as caught:
        made(receipt(crm=crms(["crm", "eu"])["crm"]), account={"id": "eu:A1"})
    assert caught.value.problems[0].path == "account.id"


@pytest.mark.parametrize(
    "email",
    [
        "a <a@b.com>",
        "a<a@b.com>",
        "mailto:a@b.co",
        "a@b.co,c@d.co",
        '"a"@b.co',
        "ann",
        "ann@",
        "@b.co",
        "a b@c.de",
        "a@b",
        "a@b..co",
        "a@.co",
        "x" * 65 + "@b.co",
    ],
)
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
def test_every_time_is_sane_and_in_utc_or_clamped_or_rejected(occurred: datetime | None, sent: datetime | None) -> None:
    try:
        at, flags = corrected(occurred, sent, RECEIVED)
    except Rejected:
        assert occurred is not None
        assert occurred.year not in YEARS
        return
    assert at.tzinfo is UTC
    assert OLDEST <= at <= RECEIVED + FUTURE
    assert set(flags) <= {CLAMPED, SENT_AT_IGNORED}
    assert CLAMPED not in flags or at == RECEIVED


@pytest.mark.parametrize(
    ("occurred", "flags"),
    [
        (datetime(1999, 12, 31, tzinfo=UTC), (CLAMPED,)),
        (datetime(2000, 1, 1, tzinfo=UTC), ()),
        (RECEIVED + timedelta(hours=14), ()),
        (RECEIVED + timedelta(days=1, seconds=1), (CLAMPED,)),
        (datetime(1970, 1, 1, tzinfo=UTC), (CLAMPED,)),
        (datetime(2099, 12, 31, tzinfo=UTC), (CLAMPED,)),
    ],
)
def test_wrong_times_are_clamped_and_flagged(occurred: datetime, flags: tuple[str, ...]) -> None:
    at, found = corrected(occurred, None, RECEIVED)
    assert found == flags
    assert at == (RECEIVED if flags else occurred)


@pytest.mark.parametrize("year", ["0001", "1899", "1969", "2100", "9999"])
def test_a_year_in_which_nothing_happened_is_rejected_with_its_path(year: str) -> None:
    assert year.lstrip("0") in problems(occurred_at=f"{year}-12-30T00:00:00Z")["occurred_at"]


def test_an_absurd_sent_at_does_not_cost_the_time_of_the_event() -> None:
    found = made(occurred_at="2026-03-01T10:00:00Z", sent_at="0001-01-01T00:00:00Z")
    assert (found.occurred_at, found.flags) == (datetime(2026, 3, 1, 10, tzinfo=UTC), (SENT_AT_IGNORED,))


def test_identifiers_are_bounded_in_bytes_too() -> None:
    assert made(user_id="\U0001f600" * 200).user_id
    assert "800 bytes" in problems(user_id="\U0001f600" * 201)["user_id"]
    assert "64" in problems(ids={"x" * 65: "1"})["ids"]


def test_a_normalised_touchpoint_survives_the_topic() -> None:
    found = made(properties={"n": 1, "list": [1, "x", None]}, email="a@b.co")
    assert decode(encode(found), [("ce_type", b"closedloop.touchpoint.v1")]) == found
