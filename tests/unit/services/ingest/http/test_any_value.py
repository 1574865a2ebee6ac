"""Any JSON value, and what is nearly one, at any place of any item: never an error, never a spoilt neighbour.

What is accepted always decodes as its event, and holds nothing that PostgreSQL could not store.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.rejection import Rejected
from services.ingest.http.routes import ROUTES, Route
from shared.events import decode, encode
from shared.http.refusals import Malformed, TooLarge
from tests.unit.services.ingest.http.samples import NASTY, SAMPLES, broken, places
from tests.unit.services.ingest.receipts import receipt

PATHS = {route.path: route for route in ROUTES}

nasty = st.sampled_from(NASTY)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())


def assert_storable(value: Any, where: str = "") -> None:
    """What PostgreSQL takes, in a text, jsonb, numeric, date or timestamptz column, and in an index."""
    if isinstance(value, str):
        assert "\0" not in value, where
        value.encode()
    elif isinstance(value, bool | None):
        pass
    elif isinstance(value, Decimal):
        assert value.is_finite(), where
        assert value < 10**13, where
        assert len(str(value)) < 60, where
    elif isinstance(value, datetime | date):
        assert 2000 <= value.year < 2100, where
    elif isinstance(value, dict):
        for name, inner in value.items():
            assert_storable(name, where)
            assert_storable(inner, f"{where}.{name}")
    elif isinstance(value, list | tuple):
        for inner in value:
            assert_storable(inner, where)
    elif isinstance(value, msgspec.Struct):
        for name, inner in msgspec.structs.asdict(value).items():
            assert_storable(inner, f"{where}.{name}")
    else:
        assert isinstance(value, int | float), where


INDEXED = {"anonymous_id", "user_id", "previous_id", "email", "deal_id", "source", "medium", "person_id"}


@pytest.mark.parametrize("path", SAMPLES)
@settings(max_examples=120)
@given(data=st.data())
def test_any_value_at_any_place_is_accepted_or_rejected_and_spoils_no_neighbour(path: str, data: st.DataObject) -> None:
    route, sample = PATHS[path], SAMPLES[path]
    at = data.draw(st.sampled_from(list(places(sample))))
    bad = broken(sample, at, data.draw(nasty | values))
    good = json.dumps(sample).encode()
    items = route.reader.read(b'{"%s":[%s, %s ,%s]}' % (route.reader.plural.encode(), good, bad, good)).items
    assert len(items) == 3
    first, middle, last = [outcome(route, item, index) for index, item in enumerate(items)]
    assert first is not None
    assert last is not None
    assert middle is None or middle.received_at == first.received_at


@pytest.mark.parametrize("path", SAMPLES)
@settings(max_examples=60)
@given(data=st.data())
def test_any_value_at_any_place_of_a_lone_item_never_fails(path: str, data: st.DataObject) -> None:
    route, sample = PATHS[path], SAMPLES[path]
    at = data.draw(st.sampled_from(list(places(sample))))
    try:
        items = route.reader.read(broken(sample, at, data.draw(nasty | values))).items
    except (Malformed, TooLarge) as why:
        assert str(why)
        return
    outcome(route, items[0], 0)


def outcome(route: Route, item: Any, index: int) -> Any:
    """The event, whole and storable; None when the item was rejected, with reasons."""
    if isinstance(item, tuple):
        assert item
        assert all(problem.path and problem.message and len(problem.message) <= 500 for problem in item)
        return None
    try:
        event = route.normalise(item, receipt(route.call), index)
    except Rejected as why:
        assert all(problem.path and problem.message and len(problem.message) <= 500 for problem in why.problems)
        return None
    assert_storable(event)
    for name in INDEXED & set(event.__struct_fields__):
        assert len((getattr(event, name) or "").encode()) <= 800 + 64
    found = decode(encode(event), [("ce_type", route.type.encode())])
    assert found == event
    assert route.key_of(event).encode()
    assert "\0" not in route.id_of(event)
    return event
