"""How a body is taken apart."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.rejection import Rejected
from services.ingest.domain.text import storable
from services.ingest.http.routes import ROUTES, Route
from shared.http.refusals import Malformed, TooLarge
from tests.unit.services.ingest.receipts import receipt

BY_PATH = {route.path: route for route in ROUTES}
TOUCHPOINTS = BY_PATH["/v1/touchpoints"].reader
GOOD = {"id": "1", "kind": "page_view", "anonymous_id": "a"}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = """
id kind type event userId anonymousId user_id anonymous_id email ids page campaign context properties traits
timestamp sentAt occurred_at sent_at consent account status amount currency closed_at refunds contacts action
reason person_id day source medium cost base quote rate messageId groupId previousId
"""
names = st.sampled_from(NAMES.split())
likely = st.sampled_from(
    [
        "track",
        "page_view",
        "won",
        "open",
        "10.5",
        "EUR",
        "USD",
        "rejected",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "a@b.c",
    ]
)
objects = st.dictionaries(names, likely | values, max_size=8)


def read(body: bytes | dict[str, Any]) -> list[Any]:
    return TOUCHPOINTS.read(body if isinstance(body, bytes) else json.dumps(body).encode()).items


LONG_NAMES = [route for route in ROUTES if len(route.path) > len("/v1/t")]  # the short ones are the same functions


@pytest.mark.parametrize("route", LONG_NAMES, ids=lambda route: route.path)
@given(sent=objects)
def test_any_json_object_is_an_event_or_a_rejection_with_a_path(route: Route, sent: dict[str, Any]) -> None:
    for body in (sent, {route.reader.plural: [sent, sent]}):
        for index, item in enumerate(route.reader.read(json.dumps(body, allow_nan=False).encode()).items):
            if isinstance(item, tuple):
                assert all(problem.path and problem.message for problem in item)
                continue
            try:
                event = route.normalise(item, receipt(route.call), index)
            except Rejected as why:
                assert why.problems
                assert all(problem.path and problem.message for problem in why.problems)
            else:
                assert route.key_of(event).encode()
                assert "\0" not in route.id_of(event)


@given(st.binary(max_size=60))
def test_any_bytes_are_items_or_malformed(body: bytes) -> None:
    try:
        read(body)
    except Malformed as why:
        assert str(why)


def test_one_bad_item_is_rejected_where_it_stands() -> None:
    bad = GOOD | {"page": {"url": 7}}
    first, second, third = read({"touchpoints": [GOOD, bad, GOOD]})
    assert second == (("page.url", "Expected `str | null`, got `int`"),)
    assert first.id == third.id == "1"


def test_bytes_that_are_not_utf8_spoil_only_their_item() -> None:
    good, bad = read(b'{"touchpoints":[{"id":"1","kind":"call","user_id":"u"},{"id":"\xff"}]}')
    assert good.user_id == "u"
    assert "UTF-8" in str(bad)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"id":"1",\n "kind":}', "line 2, column 9 (byte 19)"),
        (b'{"id":"1"', "ends too soon: 9 bytes"),
        (b"", "ends too soon: 0 bytes"),
        (b"[1]", 'one JSON object, or {"touchpoints": [...]}'),
        (b'"text"', "one JSON object"),
        (b'{"touchpoints": {"id": 1}}', "must be a list"),
        (b'{"a":' * 100_000, "too deep"),
        (b'{"id":"1"} x', "trailing characters at line 1"),
    ],
)
def test_a_malformed_body_says_where(body: bytes, where: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(body)
    assert where in str(caught.value)


def test_an_event_and_a_batch_may_be_only_so_large() -> None:
    with pytest.raises(TooLarge, match="32768"):
        read(GOOD | {"properties": {"x": "y" * 33_000}})
    with pytest.raises(TooLarge, match="2500"):
        read({"touchpoints": [GOOD] * 2501})
    with pytest.raises(TooLarge, match="2500"):
        read({"touchpoints": [GOOD] * 2500 + [1]})


def test_the_envelope_carries_a_write_key_and_when_it_was_sent_even_when_an_item_is_bad() -> None:
    for items in ([GOOD], [GOOD, 1]):
        found = TOUCHPOINTS.read(
            json.dumps({"writeKey": "k", "sent_at": "2026-01-01T00:00:00Z", "touchpoints": items}).encode()
        )
        assert found.write_key == "k"
        assert found.sent_at is not None
    segment = BY_PATH["/v1/batch"].reader.read(b'{"batch":[1],"writeKey":"k","sentAt":"2026-01-01T00:00:00Z"}')
    assert (segment.write_key, segment.sent_at is not None) == ("k", True)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (rb'"a\u0000b"', "ab"),
        (rb'"a\\u0000b"', r"a\u0000b"),
        (rb'"a\\\u0000b"', "a\\b"),
        (rb'"half \ud83d"', "half \ufffd"),
        (rb'"half \ude00"', "half \ufffd"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'"\u0000\u0000\n"', "\n"),
    ],
)
def test_what_no_database_can_hold_is_taken_out_and_the_rest_stays(sent: bytes, stored: str) -> None:
    assert msgspec.json.decode(storable(sent)) == stored


@given(values)
def test_text_that_can_be_stored_is_left_alone(value: Any) -> None:
    body = json.dumps(value).encode()
    if b"\\u0000" not in body and b"\\ud" not in body.lower():
        assert storable(body) == body


def test_half_an_emoji_in_one_item_spoils_none() -> None:
    cut, whole = read(rb'{"touchpoints":[{"id":"1","page":{"title":"\ud83d"}},{"id":"2"}]}')
    assert cut.page.title == "\ufffd"
    assert whole.id == "2"
