import pytest

from shared.http.refusals import TooFast, UnknownKey
from shared.http.throttle import MOST_ADDRESSES, WINDOW_SECONDS, Throttle
from shared.settings import Settings, Source

SOURCES = (
    Source.model_validate({"name": "site", "write_key": "right"}),
    Source.model_validate({"name": "other", "write_key": "also right"}),
)
SETTINGS = Settings(sources=SOURCES)
MOST_FAILURES = SETTINGS.http.failed_keys


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _fail(throttle: Throttle, address: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(UnknownKey):
            throttle.open(b"wrong", "write", address)


def test_after_too_many_wrong_keys_even_a_right_one_has_to_wait_for_the_next_window() -> None:
    clock = Clock()
    throttle = Throttle(SETTINGS, clock)
    _fail(throttle, "10.0.0.1", MOST_FAILURES)
    for key in (b"wrong", b"right"):
        with pytest.raises(TooFast) as refused:
            throttle.open(key, "write", "10.0.0.1")
        assert refused.value.headers == ((b"retry-after", b"60"),)
    clock.now = WINDOW_SECONDS
    assert throttle.open(b"right", "write", "10.0.0.1").source == "site"


def test_one_wrong_key_less_than_the_bound_stops_nobody() -> None:
    throttle = Throttle(SETTINGS, Clock())
    _fail(throttle, "10.0.0.1", MOST_FAILURES - 1)
    assert throttle.open(b"right", "write", "10.0.0.1").source == "site"


def test_a_key_used_rightly_before_goes_on_behind_a_proxy_where_others_fail() -> None:
    throttle = Throttle(SETTINGS, Clock())
    throttle.open(b"right", "write", "proxy")
    _fail(throttle, "proxy", MOST_FAILURES)
    assert throttle.open(b"right", "write", "proxy").source == "site"
    with pytest.raises(TooFast):
        throttle.open(b"also right", "write", "proxy")
    assert throttle.open(b"also right", "write", "elsewhere").source == "other"


def test_a_missing_key_is_no_guess() -> None:
    throttle = Throttle(SETTINGS, Clock())
    for _ in range(MOST_FAILURES * 2):
        with pytest.raises(UnknownKey):
            throttle.open(None, "write", "10.0.0.1")


def test_memory_is_bounded_however_many_addresses_guess() -> None:
    throttle = Throttle(SETTINGS, Clock())
    refused = 0
    for n in range(MOST_ADDRESSES + 1_000):
        try:
            throttle.open(b"wrong", "write", f"address-{n}")
        except TooFast:
            refused += 1
        except UnknownKey:
            pass
    assert len(throttle._failures) <= MOST_ADDRESSES + 1
    assert refused == 1_000 - MOST_FAILURES
