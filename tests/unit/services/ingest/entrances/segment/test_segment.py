"""What becomes of Segment's calls."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.crm import crms
from services.ingest.domain.rejection import Rejected
from services.ingest.entrances.segment.call import EMAIL_INVALID, normalise
from services.ingest.entrances.segment.names import kind_of
from services.ingest.http.routes import ROUTES
from shared.events.touchpoint import Account, Campaign, Page, Touchpoint
from tests.unit.services.ingest.receipts import RECEIVED, receipt

BATCH = next(route.reader for route in ROUTES if route.path == "/v1/batch")


def made(call: str = "", of: dict[str, Any] | None = None, **fields: Any) -> Touchpoint:
    """The touchpoint of a call; `of` are circumstances of its receipt."""
    sent = {"anonymousId": "anon", "messageId": "m1"} | fields
    envelope = {"context": (of or {}).get("context"), "batch": [sent]}
    found = BATCH.read(json.dumps(envelope, default=str).encode())
    [item] = found.items
    assert not isinstance(item, tuple), item
    return normalise(item, receipt(call, **((of or {}) | {"context": found.context})), 0)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("Form Submitted", "form_submit"),
        ("formSubmitted", "form_submit"),
        ("Signed Up", "product_signup"),
        ("Email Opened", "email_open"),
        ("Email Link Clicked", "email_click"),
        ("Unsubscribed", "email_unsubscribe"),
        ("Live Chat Conversation Started", "chat"),
        ("Order Completed", "custom:order_completed"),
        ("  50% off!  ", "custom:50_off"),
        ("日本", "custom:event"),
        ("x" * 200, "custom:" + "x" * 100),
    ],
)
def test_track_events_get_the_kind_their_name_means(event: str, kind: str) -> None:
    assert kind_of(event) == kind


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("page", "page_view"),
        ("screen", "page_view"),
        ("identify", "identify"),
        ("group", "group"),
        ("alias", "alias"),
        ("track", "custom:event"),
    ],
)
def test_each_call_has_a_kind_by_path_or_by_type(call: str, kind: str) -> None:
    assert made(call, userId="u").kind == made(type=call, userId="u").kind == kind


def test_a_browser_page_call_becomes_a_page_view_with_its_campaign_and_click_ids() -> None:
    found = made(
        "page",
        userId="",
        properties={"plan": "pro"},
        context={
            "page": {
                "url": "https://example.com/p",
                "search": "?gclid=G1&utm_source=google",
                "title": "T",
                "referrer": "https://www.google.com/",
            },
            "campaign": {"source": "google", "medium": "cpc", "name": "brand", "term": "t", "content": "c"},
            "userAgent": "UA",
            "ip": "203.0.113.7",
            "consent": {"categoryPreferences": {"Advertising": True, "Functional": False}},
        },
    )
    assert found.page == Page("https://example.com/p?gclid=G1&utm_source=google", "T", "https://www.google.com/")
    assert found.campaign == Campaign("google", "cpc", "brand", "t", "c")
    assert (found.click_ids, found.properties) == ({"gclid": "G1"}, {"plan": "pro"})
    assert (found.user_agent, found.ip, found.consent, found.user_id) == ("UA", "203.0.113.7", "granted", None)


def test_identify_links_identifiers_and_carries_traits() -> None:
    found = made("identify", userId=7, traits={"email": " Ann@Example.com", "plan": "pro"})
    assert (found.anonymous_id, found.user_id, found.email) == ("anon", "7", "ann@example.com")
    assert found.properties["plan"] == "pro"


def test_an_email_comes_from_traits_then_context_and_from_properties_only_of_the_persons_own_acts() -> None:
    context = {"traits": {"email": "c@example.com"}}
    assert made("identify", traits={"email": "t@example.com"}, context=context).email == "t@example.com"
    assert made("track", event="Anything", context=context).email == "c@example.com"
    properties = {"email": "p@example.com"}
    assert made("track", event="Form Submitted", properties=properties).email == "p@example.com"
    assert made("track", event="Friend Invited", properties=properties).email is None


def test_a_bad_email_is_left_out_and_flagged() -> None:
    found = made("identify", userId="u", traits={"email": "not one"})
    assert (found.email, found.flags) == (None, (EMAIL_INVALID,))


@pytest.mark.parametrize("email", ["a <a@b.com>", "a<a@b.com>", "Ann <ann@acme.com>"])
def test_a_name_with_an_address_is_no_address(email: str) -> None:
    assert made("identify", userId="u", traits={"email": email}).flags == (EMAIL_INVALID,)


DENIED = {"consent": {"categoryPreferences": {"Marketing": False}}, "ip": "203.0.113.7", "userAgent": "envelope"}


def test_what_the_envelope_says_counts_for_calls_that_do_not_say_it_themselves() -> None:
    envelope = {"context": DENIED}
    alone = made("track", envelope, event="x")
    assert (alone.consent, alone.ip, alone.user_agent) == ("denied", "203.0.113.7", "envelope")
    own = made("track", envelope, event="x", context={"userAgent": "own"})
    assert (own.consent, own.user_agent) == ("denied", "own")
    granted = {"consent": {"categoryPreferences": {"Marketing": True}}}
    assert made("track", envelope, event="x", context=granted).consent == "granted"
    assert made("track", {"context": "junk"}, event="x").consent == "unknown"


def test_junk_is_left_out_and_a_call_of_nobody_else_is_rejected_under_segments_name() -> None:
    assert made("identify", userId="undefined").flags == ("user_id_junk",)
    assert made("identify", userId="u", traits={"email": "none@none.com"}).flags == ("email_junk",)
    assert made("group", groupId="null", traits={"name": "n/a"}).account is None
    assert made("alias", userId="u", previousId="0").previous_id is None
    with pytest.raises(Rejected) as caught:
        made("track", anonymousId=None, userId="undefined")
    assert caught.value.problems[0].path == "userId"


def test_calls_whose_message_id_is_a_placeholder_are_not_one_call() -> None:
    first, second = (made("track", event=name, messageId="undefined") for name in ("a", "b"))
    assert first.touchpoint_id != second.touchpoint_id


def test_accounts_are_scoped_by_the_sources_crm() -> None:
    eu = {"crm": crms(["crm", "eu"])["eu"]}
    for found in (made("group", eu, groupId="g1"), made("track", eu, context={"groupId": "g1"})):
        assert found.account == Account("eu:g1")


def test_a_call_says_whether_its_key_was_secret() -> None:
    assert (made("page").trusted, made("page", {"trusted": True}).trusted) == (False, True)


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_call_of_an_absurd_year_is_rejected_with_its_path(year: str) -> None:
    with pytest.raises(Rejected) as caught:
        made("track", timestamp=f"{year}-01-01T00:00:00Z")
    assert caught.value.problems[0].path == "timestamp"


def test_group_names_the_account() -> None:
    found = made("group", groupId="g1", traits={"name": "Acme", "website": "https://www.Acme.example/about"})
    assert found.account == Account("g1", "acme.example", "Acme")
    assert found.group_call


@pytest.mark.parametrize(
    ("sent", "anonymous_id", "previous_id"),
    [
        ({"previousId": "old", "anonymousId": None}, "old", "old"),  # a server does not say which kind it is
        ({"previousId": "old", "anonymousId": "browser"}, "browser", "old"),
        ({"previousId": "browser", "anonymousId": "browser"}, "browser", None),
        ({"previousId": "u", "anonymousId": "browser"}, "browser", None),
        ({"previousId": None, "anonymousId": "browser"}, "browser", None),
    ],
)
def test_alias_links_the_previous_id_to_the_user(
    sent: dict[str, Any], anonymous_id: str | None, previous_id: str | None
) -> None:
    found = made("alias", userId="u", **sent)
    assert (found.anonymous_id, found.user_id, found.previous_id) == (anonymous_id, "u", previous_id)


def test_the_clock_of_the_sender_is_taken_out() -> None:
    sent = datetime(2031, 1, 1, tzinfo=UTC)
    found = made("track", event="x", timestamp=sent - timedelta(minutes=5), sentAt=sent)
    assert found.occurred_at == RECEIVED - timedelta(minutes=5)


def test_the_message_id_is_the_id_and_without_one_content_and_time_are() -> None:
    assert made("track").touchpoint_id == made("track", event="other").touchpoint_id
    timed: dict[str, Any] = {"messageId": None, "timestamp": "2026-01-01T00:00:00Z"}
    assert made("track", event="a", **timed).touchpoint_id == made("track", event="a", **timed).touchpoint_id
    assert made("track", event="a", **timed).touchpoint_id != made("track", event="b", **timed).touchpoint_id
    calls = BATCH.read(b'{"batch":[{"anonymousId":"a"},{"anonymousId":"a"}]}').items
    ids = {normalise(call, receipt("track"), index).touchpoint_id for index, call in enumerate(calls)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("fields", "path"),
    [({"type": "nope"}, "type"), ({}, "type"), ({"type": "track", "anonymousId": ""}, "anonymousId")],
)
def test_a_call_nobody_can_use_is_rejected(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(Rejected) as caught:
        made(**fields)
    assert caught.value.problems[0].path == path


@pytest.mark.parametrize("junk", [1, "x", [1], {"page": 1, "campaign": [], "traits": "x", "consent": {"a": 1}}, True])
def test_junk_in_loose_fields_is_passed_over(junk: Any) -> None:
    found = made("track", event=junk, context=junk, properties=junk, traits=junk)
    assert found.anonymous_id == "anon"


def test_calls_without_a_message_id_keep_the_ids_they_have_always_had() -> None:
    timed = {"type": "track", "event": "x", "anonymousId": "a", "timestamp": "2026-03-01T00:00:00Z"}
    untimed = {"type": "track", "event": "x", "anonymousId": "a"}
    rest = {"context": {"locale": "en", "page": {"url": "u"}}}
    body = json.dumps({"batch": [timed | rest | {"properties": {"n": 1}}, untimed | rest]}).encode()
    ids = [normalise(call, receipt(), index).touchpoint_id for index, call in enumerate(BATCH.read(body).items)]
    assert ids == ["b7b081fc-aa5d-5d86-b648-41a3916b3fd5", "1e21fb74-858e-5969-bef6-b09ffcf9b7a6"]


texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=5)
pages = st.fixed_dictionaries({}, optional=dict.fromkeys(("url", "search", "title", "referrer"), texts))
campaigns = st.fixed_dictionaries({}, optional=dict.fromkeys(("source", "medium", "name", "id"), texts))
contexts = st.fixed_dictionaries(
    {}, optional={"page": pages, "campaign": campaigns, "userAgent": texts, "ip": texts, "groupId": texts}
)
calls = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "page", "group", "alias"]),
        "messageId": st.just("m1"),
        "anonymousId": texts,
    },
    optional={"userId": texts, "event": texts, "name": texts, "context": contexts, "traits": pages, "groupId": texts},
)


@given(calls)
def test_a_call_read_loosely_because_one_field_is_odd_says_the_same_as_one_read_strictly(call: dict[str, Any]) -> None:
    odd = call | {"properties": [1]}
    strict, loose = (BATCH.read(json.dumps({"batch": [sent]}).encode()).items[0] for sent in (call, odd))
    assert type(strict) is not type(loose)
    outcomes: list[object] = []
    for item in (strict, loose):
        try:
            outcomes.append(normalise(item, receipt(), 0))
        except Rejected as why:
            outcomes.append(why.problems)
    assert outcomes[0] == outcomes[1]
