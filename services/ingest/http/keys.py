"""Which source a key belongs to, and what it may send."""

import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass

from limits import RateLimitItem, parse

from services.ingest.http.refusals import UnknownKey, WrongKind
from shared.errors import ConfigError
from shared.events.ids import Sender
from shared.settings import Source

_HINT = (
    "Send the write key as X-Write-Key, as the user of Basic auth, or as writeKey in the body; a secret key as Bearer."
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key opens. A secret key may send everything, a write key touchpoints only."""

    sender: Sender
    secret: bool
    rate: RateLimitItem | None
    digest: bytes


class Keyring:
    """The keys of all sources, kept as digests: comparing takes the same time whatever was sent."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._grants: dict[bytes, Grant] = {}
        for source in sources:
            sender, rate = Sender(source.name), _rate(source)
            for key, secret in ((source.write_key, False), (source.secret_key, True)):
                if key is not None:
                    digest = _digest(key.get_secret_value().encode())
                    self._grants[digest] = Grant(sender, secret, rate, digest)

    def open(self, key: bytes | None, secret_only: bool) -> Grant:
        """What `key` grants. Raises UnknownKey or WrongKind."""
        if not key:
            raise UnknownKey(f"There is no key. {_HINT}")
        digest = _digest(key)
        grant = self._grants.get(digest)
        if grant is None or not hmac.compare_digest(grant.digest, digest):
            raise UnknownKey(f"No source has this key. {_HINT}")
        if secret_only and not grant.secret:
            raise WrongKind("A write key is public and may send touchpoints only. Send the secret key as Bearer.")
        return grant


def key_in(authorization: bytes) -> bytes | None:
    """The key in an Authorization header: a Bearer token, or the user of Basic auth."""
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


def _rate(source: Source) -> RateLimitItem | None:
    if source.rate is None:
        return None
    try:
        return parse(source.rate)
    except ValueError as error:
        raise ConfigError(
            f'sources: {source.name}: rate: {source.rate!r} is not a rate such as "500/second"'
        ) from error
