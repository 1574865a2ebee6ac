"""What is kept of rejected items, and what an answer tells of them: nothing lost, and never more than a bound."""

import gc
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.rejection import Problem, Rejected
from services.ingest.http.answer import answer
from services.ingest.http.items import Items
from services.ingest.http.routes import ROUTES
from services.ingest.letters import Desk, Reject
from services.ingest.limits import FOLDED_BYTES, LETTERS, TOLD
from shared.events import decode
from shared.events.dead_letter import DeadLetter
from shared.kafka.letters import body_of
from tests.unit.services.ingest.receipts import receipt

TOUCHPOINTS = next(route for route in ROUTES if route.path == "/v1/touchpoints")
KAFKA_BYTES = 1_000_000


def letters(rejects: list[Reject]) -> list[DeadLetter]:
    desk = Desk("dead-letters", "/v1/touchpoints", TOUCHPOINTS.type, "touchpoints")
    records = list(desk.letters(rejects, receipt()))
    assert all(len(record.value) < KAFKA_BYTES for record in records)
    return [decode(record.value, record.headers) for record in records]


def rejects(raws: list[bytes], message: str = "is wrong") -> list[Reject]:
    return [Reject(place, raw, (Problem("$", message),)) for place, raw in enumerate(raws)]


def refuse(body: bytes) -> list[Reject]:
    """The rejects of a whole request, as intake gathers them."""
    found: Items = TOUCHPOINTS.reader.read(body)
    raws = found.raws if found.raws is not None else TOUCHPOINTS.reader.raws(body)
    refused = []
    for index, item in enumerate(found.items):
        try:
            if type(item) is not tuple:
                TOUCHPOINTS.normalise(item, receipt(), index)
                continue
            problems = item
        except Rejected as why:
            problems = why.problems
        refused.append(Reject(index, raws[index], problems))
    return refused


def test_a_few_rejected_items_have_a_letter_each() -> None:
    found = letters(rejects([b'{"id":"1"}', b"NaN"]))
    assert [letter.body for letter in found] == ['{"id":"1"}', "NaN"]
    assert [letter.reason for letter in found] == ["$: is wrong", "$: is wrong"]


@given(st.integers(LETTERS, 2500), st.integers(2, 300))
def test_many_rejected_items_share_letters_that_hold_all_of_them(count: int, size: int) -> None:
    raws = [b'"%d%s"' % (number, b"x" * size) for number in range(count)]
    found = letters(rejects(raws))
    shared = found[LETTERS:]
    assert [letter.body.encode() for letter in found[:LETTERS]] == raws[:LETTERS]
    assert [item for letter in shared for item in json.loads(letter.body)["touchpoints"]] == [
        json.loads(raw) for raw in raws[LETTERS:]
    ]
    assert len(shared) <= 1 + sum(map(len, raws)) // (FOLDED_BYTES - size - 10)
    told = sum(int(letter.reason.split(" ")[0]) for letter in shared)
    assert told == count - LETTERS


def test_35_kb_of_empty_items_make_few_letters_and_a_short_answer() -> None:
    body = b'{"touchpoints":[' + b",".join([b"{}"] * 2500) + b"]}"
    refused = refuse(body)
    assert len(refused) == 2500
    assert len(letters(refused)) == LETTERS + 1
    told = answer(0, refused)
    assert len(told.body) < 60_000
    outcome = json.loads(told.body)
    assert len(outcome["rejected"]) == TOLD
    assert [index for group in outcome["more"] for index in group["indexes"]] == list(range(TOLD, 2500))
    assert outcome["more"][0]["errors"] == outcome["rejected"][0]["errors"]


def test_items_each_wrong_in_a_way_of_its_own_make_a_bounded_answer_too() -> None:
    many = [Reject(n, b"{}", (Problem(f"{n}", "x" * 300),)) for n in range(2500)]
    told = answer(0, many)
    assert len(told.body) < 120_000
    indexes = [i for group in json.loads(told.body)["more"] for i in group["indexes"]]
    assert sorted(indexes) == list(range(TOLD, 2500))


@pytest.mark.parametrize(
    ("raw", "id"),
    [
        (b'{"id":"7"}', "7"), (b'{"id":7}', 7), (b'{"id":false}', None), (b'{"id":1.5}', None), (b'{"id":[1]}', None),
        (b"{}", None), (b"[1]", None), (b'{"id":NaN}', None), (b'{"id":"' + b"x" * 600 + b'"}', None),
    ],
)  # fmt: skip
def test_a_reject_is_told_with_the_senders_id_if_it_is_text_or_a_number(raw: bytes, id: Any) -> None:
    assert json.loads(answer(0, rejects([raw])).body)["rejected"][0]["id"] == id


@pytest.mark.parametrize(
    "raw",
    [b'"' * 480_000, b"\x01" * 300_000, b"\\" * 499_000, "é".encode() * 240_000, b"\xff" * 400_000],
    ids=["quotes", "control characters", "backslashes", "letters", "bytes"],
)
def test_a_letter_fits_into_kafka_whatever_was_sent(raw: bytes) -> None:
    [letter] = letters(rejects([raw]))
    body, encoding = body_of(raw)
    assert (letter.body, letter.encoding) == (body, encoding)


def test_a_thousand_bad_items_leave_nothing_for_the_garbage_collector() -> None:
    body = b'{"touchpoints":[' + b",".join([b'{"id":"1"}', b'{"id":[]}'] * 500) + b"]}"
    refuse(body)
    gc.collect()
    gc.disable()
    try:
        refused = refuse(body)
        assert len(refused) == 1000
        del refused
        assert gc.collect() < 50
    finally:
        gc.enable()


def test_the_answer_without_rejects_is_as_short_as_ever() -> None:
    assert answer(3, []).body == b'{"accepted":3,"rejected":[]}'
    assert msgspec.json.decode(answer(3, rejects([b"{}"])).body).keys() == {"accepted", "rejected"}
