"""The pure parts of the Kafka plumbing."""

import base64
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from shared.events import decode
from shared.kafka.bad_ratio import BadRatio
from shared.kafka.letters import body_of, letter_of
from shared.kafka.topics import partition_of


def test_a_few_bad_records_are_no_reason_to_stop() -> None:
    ratio = BadRatio(limit=0.5, window=1000)
    for _ in range(100):
        ratio = ratio.after(seen=100, bad=40)
    assert not ratio.exceeded


def test_mostly_bad_records_stop_the_consumer() -> None:
    assert BadRatio(limit=0.5, window=1000).after(seen=300, bad=200).exceeded


def test_one_bad_record_alone_is_too_little_to_judge() -> None:
    assert not BadRatio(limit=0.5, window=1000).after(seen=1, bad=1).exceeded


def test_old_trouble_is_forgotten() -> None:
    ratio = BadRatio(limit=0.5, window=1000).after(seen=200, bad=200)
    for _ in range(20):
        ratio = ratio.after(seen=1000, bad=0)
    assert not ratio.exceeded


@given(st.binary())
def test_a_dead_letters_body_can_always_be_had_back(raw: bytes) -> None:
    text, encoding = body_of(raw)
    assert "\x00" not in text
    assert (text.encode() if encoding == "utf-8" else base64.b64decode(text)) == raw


def test_the_same_record_given_up_twice_is_one_dead_letter() -> None:
    raw = SimpleNamespace(
        partition=3, offset=14, timestamp=1_700_000_000_000, value=b"{nope", headers=[("ce_type", b"x")]
    )
    first, second = (letter_of("t.dead-letters", "t.lifecycle", "deals", raw, "not JSON") for _ in range(2))
    assert first == second
    letter = decode(first.value, first.headers)
    assert (letter.body, letter.topic, letter.origin) == ("{nope", "deals", "t.lifecycle:deals/3/14")


@given(st.binary(min_size=1), st.integers(1, 64))
def test_a_key_always_has_one_partition(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions
