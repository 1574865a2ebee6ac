"""Broken JSON taken apart by its brackets."""

import json
import time
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.http.items import Reader
from services.ingest.http.routes import ROUTES
from services.ingest.http.split import MOST_BRACKETS, NotSplit, items_of, members_of
from shared.http.refusals import Malformed, TooLarge

READERS: dict[str, Reader[Any]] = {route.path: route.reader for route in ROUTES}
GOOD = b'{"id":"1","kind":"call","anonymous_id":"a"}'
DEEP = b'{"id":"2","properties":{"x":' + b"[" * 1000 + b"]" * 1000 + b"}}"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(st.lists(values, max_size=6))
def test_a_list_falls_into_the_items_it_was_made_of(items: list[Any]) -> None:
    parts = [json.dumps(item).encode() for item in items]  # NaN and Infinity included
    assert items_of(b"[" + b" ,\n".join(parts) + b" ]", 10) == parts


@given(st.dictionaries(st.text(), values, max_size=6))
def test_an_object_falls_into_its_members(members: dict[str, Any]) -> None:
    found = members_of(json.dumps(members).encode())
    assert {json.loads(name): raw for name, raw in found.items()} == {
        name: json.dumps(value).encode() for name, value in members.items()
    }


@given(st.binary(max_size=80) | st.text('[]{},:"\\ ab1', max_size=40).map(str.encode))
def test_any_bytes_are_taken_apart_or_refused(body: bytes) -> None:
    with suppress(NotSplit):
        items_of(body, 10)
    with suppress(NotSplit):
        members_of(body)


@pytest.mark.parametrize("body", [b"", b"[", b"[1", b"[}", b'["a]', b"[1] x", b"{}", b"[[]", b"1"])
def test_brackets_that_do_not_match_are_refused(body: bytes) -> None:
    with pytest.raises(NotSplit):
        items_of(body, 10)


@pytest.mark.parametrize("bad", [b'{"id":NaN}', DEEP, b"{x}", b"nonsense"], ids=["NaN", "deep", "no member", "word"])
@pytest.mark.parametrize("path", ["/v1/touchpoints", "/v1/batch"])
def test_one_item_that_is_no_json_is_rejected_alone_and_its_49_neighbours_are_read(path: str, bad: bytes) -> None:
    reader = READERS[path]
    body = b'{"writeKey":"k","%s":[%s]}' % (reader.plural.encode(), b",".join([GOOD] * 25 + [bad] + [GOOD] * 24))
    found = reader.read(body)
    assert [type(item) is tuple for item in found.items] == [False] * 25 + [True] + [False] * 24
    assert found.write_key == "k"
    assert found.raws is not None
    assert found.raws[25] == bad


def test_what_else_the_envelope_holds_may_be_broken_too() -> None:
    found = READERS["/v1/batch"].read(b'{"context":{"x":NaN},"sentAt":nope,"batch":[{"type":"track"}],"writeKey":"k"}')
    assert (len(found.items), found.write_key, found.sent_at) == (1, "k", None)


def test_a_lone_call_of_segment_that_is_no_json_is_rejected_and_a_native_one_is_malformed() -> None:
    body = b'{"writeKey":"k","event":NaN}'
    found = READERS["/v1/track"].read(body)
    assert (type(found.items[0]), found.write_key) == (tuple, "k")
    with pytest.raises(Malformed, match="line 1, column"):
        READERS["/v1/touchpoints"].read(body)
    with pytest.raises(Malformed, match="ends too soon"):
        READERS["/v1/track"].read(b'{"writeKey":"k","event":')


@pytest.mark.parametrize(
    "body",
    [
        b'{"batch":[' + b"[" * 499_000,
        b'{"batch":[' + b"[]," * 160_000 + b"x]}",
        b'{"batch":[' + b'"\\\\",' * 99_000 + b"x]}",
        b'{"batch":["' + b'\\"' * 249_000 + b"]}",
        b'{"batch":[' + b"x," * 249_000 + b"x]}",
    ],
    ids=["open", "lists", "escapes", "quotes", "commas"],
)
def test_taking_the_worst_body_apart_takes_a_moment_only(body: bytes) -> None:
    began = time.process_time()
    with pytest.raises((Malformed, TooLarge)):
        READERS["/v1/batch"].read(body)
    assert time.process_time() - began < 1.5
    assert MOST_BRACKETS * 2 < 500_000


def test_a_byte_order_mark_before_the_body_is_no_part_of_it() -> None:
    assert len(READERS["/v1/touchpoints"].read(b"\xef\xbb\xbf" + GOOD).items) == 1
    assert READERS["/v1/deals"].read(b"\xef\xbb\xbf" + b'{"deals":[{"id":"1"}]}').items[0].id == "1"
    assert msgspec.json.decode(READERS["/v1/touchpoints"].raws(b"\xef\xbb\xbf" + GOOD)[0])


@pytest.mark.parametrize("batch", [b"5", b"null", b'"x"', b"NaN"])
def test_a_segment_batch_that_is_no_list_is_one_rejected_call_and_a_native_one_is_malformed(batch: bytes) -> None:
    found = READERS["/v1/batch"].read(b'{"writeKey":"k","batch":%s}' % batch)
    assert ([type(item) for item in found.items], found.write_key) == ([tuple], "k")
    with pytest.raises(Malformed, match="must be a list"):
        READERS["/v1/touchpoints"].read(b'{"touchpoints":%s}' % batch)
