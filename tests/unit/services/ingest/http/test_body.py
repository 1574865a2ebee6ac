"""The bytes of a request, unpacked and bounded."""

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.http import body as bodies
from services.ingest.limits import BATCH_BYTES
from shared.http.refusals import Malformed, TooLarge, UnknownEncoding

TEXT = b'{"id":"1"}'
PACKED = gzip.compress(TEXT, mtime=0)


def unpacked(body: bytes, encoding: bytes) -> bytes:
    return bodies.unpacked(body) if bodies.is_packed(encoding) else body


@pytest.mark.parametrize("encoding", [b"gzip", b"GZIP", b"x-gzip", b" X-GZip "])
def test_gzip_goes_by_any_of_its_names(encoding: bytes) -> None:
    assert unpacked(gzip.compress(TEXT), encoding) == TEXT


@pytest.mark.parametrize("encoding", [b"", b"identity", b"Identity"])
def test_a_plain_body_is_taken_as_it_is(encoding: bytes) -> None:
    assert unpacked(TEXT, encoding) == TEXT


@pytest.mark.parametrize("encoding", [b"br", b"gzip, gzip", b"deflate", b"zstd"])
def test_any_other_encoding_is_refused(encoding: bytes) -> None:
    with pytest.raises(UnknownEncoding):
        unpacked(TEXT, encoding)


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=20), st.integers(0, 30))
def test_members_one_after_another_are_one_body(parts: list[bytes], zeros: int) -> None:
    packed = b"".join(gzip.compress(part) for part in parts) + b"\0" * zeros
    assert unpacked(packed, b"gzip") == b"".join(parts)


@pytest.mark.parametrize(
    "packed",
    [PACKED[:-5], PACKED + b"more", TEXT, b"", gzip.compress(b"", mtime=0) * 101],
    ids=["cut", "more", "plain", "empty", "many members"],
)
def test_what_is_not_wholly_gzip_is_malformed(packed: bytes) -> None:
    with pytest.raises(Malformed):
        unpacked(packed, b"gzip")


@pytest.mark.parametrize("members", [1, 2, 50])
def test_a_bomb_is_refused_however_it_is_cut_and_never_held(members: int) -> None:
    bomb = gzip.compress(b" " * (50_000_000 // members)) * members
    tracemalloc.start()
    with pytest.raises(TooLarge):
        unpacked(bomb, b"gzip")
    assert tracemalloc.get_traced_memory()[1] < 4 * BATCH_BYTES
    tracemalloc.stop()
