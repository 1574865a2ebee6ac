"""The bytes of a request, within bounds whatever is sent."""

import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from services.ingest.limits import BATCH_BYTES
from shared.http.refusals import Malformed, TooLarge, UnknownEncoding

Receive = Callable[[], Awaitable[dict[str, Any]]]

_MOST_MEMBERS = 100
"""Members of a gzip body: each costs some time to begin, and nobody needs many."""
_TOO_LARGE = f"A request may bring at most {BATCH_BYTES} bytes, unpacked; split the batch."


class Disconnected(Exception):
    """The sender left before its request was complete; nobody waits for an answer."""


async def read(receive: Receive, encoding: bytes) -> bytes:
    """The whole body, unpacked. Raises TooLarge, Malformed, UnknownEncoding or Disconnected."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body") or message["type"] != "http.request":
        body = await _rest(receive, message)
    if len(body) > BATCH_BYTES:
        raise TooLarge(_TOO_LARGE)
    match encoding.strip().lower():
        case b"" | b"identity":
            return body
        case b"gzip" | b"x-gzip":
            return _unzip(body)
        case _:
            raise UnknownEncoding("Send the body plain, or with Content-Encoding: gzip.")


async def _rest(receive: Receive, message: dict[str, Any]) -> bytes:
    parts, size = [], 0
    while True:
        if message["type"] != "http.request":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BATCH_BYTES:
            raise TooLarge(_TOO_LARGE)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


def _unzip(packed: bytes) -> bytes:
    """What was packed, in one member or several. Never holds much more than a request may bring."""
    parts, size = [], 0
    for _ in range(_MOST_MEMBERS):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpacker.decompress(packed, BATCH_BYTES + 1 - size))
        except zlib.error as error:
            raise Malformed(f"The body is not gzip, though Content-Encoding says so: {error}.") from error
        size += len(parts[-1])
        if size > BATCH_BYTES:
            raise TooLarge(_TOO_LARGE)
        if not unpacker.eof:
            raise Malformed("The gzip body ends too soon.")
        packed = unpacker.unused_data.lstrip(b"\0")  # some tools fill up a block with zeros
        if not packed:
            return parts[0] if len(parts) == 1 else b"".join(parts)
    raise Malformed(f"The gzip body has more than {_MOST_MEMBERS} members.")
