"""Which source a key belongs to, and what it may do.

write   public, stands in web pages: may send touchpoints
read    may read leads, deals and reports
secret  may do everything
"""

import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Iterable
from typing import Literal

import msgspec

from shared.http.refusals import UnknownKey, WrongKind
from shared.settings import Source

Kind = Literal["write", "read", "secret"]

_WHERE = "as Authorization: Bearer, as the user of Basic auth, or as X-Write-Key"
_WRONG_KIND = {
    "write": "This key may not send events: send a write key or the secret key.",
    "read": "A write key is public and may send touchpoints only. Send a read key or the secret key as Bearer.",
    "secret": "This needs the source's secret key, as Authorization: Bearer. A write or read key will not do.",
}


class Grant(msgspec.Struct, frozen=True, gc=False):
    """What a key opens: in whose name (the source's), and as what kind of key."""

    source: str
    kind: Kind
    digest: bytes

    @property
    def secret(self) -> bool:
        """Whether what comes with it can be trusted more than what comes from anybody's browser."""
        return self.kind == "secret"


class Keyring:
    """The keys of all sources, kept as digests: comparing takes the same time whatever was sent."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._grants: dict[bytes, Grant] = {}
        for source in sources:
            keys = {"write": source.write_key, "read": source.read_key, "secret": source.secret_key}
            for kind, key in keys.items():
                if key is not None:
                    digest = _digest(key.get_secret_value().encode())
                    self._grants[digest] = Grant(source.name, kind, digest)  # type: ignore[arg-type]  # a key of `keys`

    def open(self, key: bytes | None, needs: Kind) -> Grant:
        """What `key` grants. Raises UnknownKey, or WrongKind when it may not do what `needs` names."""
        if not key:
            raise UnknownKey(f"There is no key. Send a source's key {_WHERE}.")
        digest = _digest(key)
        grant = self._grants.get(digest)
        if grant is None or not hmac.compare_digest(grant.digest, digest):
            raise UnknownKey(f"No source has this key. Send a source's key {_WHERE}.")
        if grant.kind not in (needs, "secret"):
            raise WrongKind(_WRONG_KIND[needs])
        return grant


def key_in(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The key that a request's headers carry, "" for one that cannot be read; None when no header is for a key."""
    key = None
    for name, value in headers:
        if name == b"authorization":
            key = key_of(value)
        elif name == b"x-write-key":
            key = value
    return key


def key_of(authorization: bytes) -> bytes:
    """The key in an Authorization header: a Bearer token, or the user of Basic auth; "" for anything else."""
    scheme, _, value = authorization.partition(b" ")
    match scheme.lower():
        case b"bearer":
            return value.strip()
        case b"basic":
            try:
                return b64decode(value.strip(), validate=True).partition(b":")[0]
            except binascii.Error:
                return b""
        case _:
            return b""


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
