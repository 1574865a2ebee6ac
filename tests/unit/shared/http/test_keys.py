import base64

import pytest

from shared.http.keys import Keyring, Kind, key_in, key_of
from shared.http.refusals import UnknownKey, WrongKind
from shared.settings import Source

SOURCE = Source.model_validate({"name": "site", "write_key": "w", "read_key": "r", "secret_key": "s"})


@pytest.mark.parametrize(
    ("key", "opens"),
    [(b"w", {"write"}), (b"r", {"read"}), (b"s", {"write", "read", "secret"})],
)
def test_a_key_opens_what_its_kind_may_do_and_a_secret_key_everything(key: bytes, opens: set[Kind]) -> None:
    keys = Keyring([SOURCE])
    needs: tuple[Kind, ...] = ("write", "read", "secret")
    for need in needs:
        if need in opens:
            assert keys.open(key, need).source == "site"
        else:
            with pytest.raises(WrongKind):
                keys.open(key, need)


@pytest.mark.parametrize("key", [None, b"", b"W", b"w ", b"unknown", b"\xff\x00"])
def test_what_no_source_has_opens_nothing(key: bytes | None) -> None:
    with pytest.raises(UnknownKey):
        Keyring([SOURCE]).open(key, "write")


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (b"Bearer w", b"w"),
        (b"bearer   w ", b"w"),
        (b"Basic " + base64.b64encode(b"w:"), b"w"),
        (b"BASIC " + base64.b64encode(b"w:ignored"), b"w"),
        (b"Basic !!", b""),
        (b"Digest w", b""),
        (b"", b""),
    ],
)
def test_a_key_is_read_from_bearer_and_from_the_user_of_basic_auth(header: bytes, key: bytes) -> None:
    assert key_of(header) == key


def test_a_request_without_a_header_for_a_key_has_none_and_an_unreadable_one_is_empty() -> None:
    assert key_in([(b"host", b"x")]) is None
    assert key_in([(b"authorization", b"Digest x")]) == b""
    assert key_in([(b"x-write-key", b"w")]) == b"w"
