"""The bytes of a request as they were before they were packed, within bounds whatever is sent."""

import zlib

from services.ingest.limits import BATCH_BYTES
from shared.http.refusals import Malformed, TooLarge, UnknownEncoding

_MOST_MEMBERS = 100
"""Members of a gzip body: each costs some time to begin, and nobody needs many."""
_TOO_LARGE = f"A request may bring at most {BATCH_BYTES} bytes, unpacked; split the batch."


def is_packed(encoding: bytes) -> bool:
    """Whether a Content-Encoding means gzip. Raises UnknownEncoding for any that is not read."""
    match encoding.strip().lower():
        case b"" | b"identity":
            return False
        case b"gzip" | b"x-gzip":
            return True
        case _:
            raise UnknownEncoding("Send the body plain, or with Content-Encoding: gzip.")


def unpacked(packed: bytes) -> bytes:
    """What was packed, in one member or several; never holds much more than a request may bring.

    Raises TooLarge, or Malformed.
    """
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
