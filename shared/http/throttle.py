"""Who sends wrong keys too often has to wait: guessing a key must not be a matter of patience."""

import time
from collections.abc import Callable

from shared.http.keys import Grant, Keyring, Kind
from shared.http.refusals import TooFast, UnknownKey
from shared.settings import Settings

WINDOW_SECONDS = 60
MOST_ADDRESSES = 10_000
"""Addresses remembered in a window. Beyond, new ones share one count: memory stays bounded whoever attacks."""
_THE_REST = "the rest"
_SLOWLY = "This address has sent {count} wrong keys. Wait {wait} s, then send a key that a source has."


class Throttle:
    """Opens keys, and counts the wrong ones by address. `now` is a clock in seconds.

    An address that sent too many is refused whatever it sends next, so that a right guess looks like a wrong one;
    except for keys that it had already used rightly. So behind a proxy, where all senders have one address, a wrong
    key of one sender stops nobody who was sending before.
    """

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._keys = Keyring(settings.sources)
        self._most = settings.http.failed_keys
        self._now = now
        self._window = 0
        self._failures: dict[str, int] = {}
        self._proven: set[tuple[str, bytes]] = set()

    def open(self, key: bytes | None, needs: Kind, address: str) -> Grant:
        """What `key` grants. Raises UnknownKey, WrongKind, or TooFast with the seconds to wait."""
        try:
            grant = self._keys.open(key, needs)
        except UnknownKey:
            if key:
                self._count(address)
            raise
        if (proof := (address, grant.digest)) not in self._proven:
            self._refuse_when_too_many(address)
            if len(self._proven) >= MOST_ADDRESSES:
                self._proven.clear()
            self._proven.add(proof)
        return grant

    def _count(self, address: str) -> None:
        self._refuse_when_too_many(address)
        if address not in self._failures and len(self._failures) >= MOST_ADDRESSES:
            address = _THE_REST
        self._failures[address] = self._failures.get(address, 0) + 1

    def _refuse_when_too_many(self, address: str) -> None:
        now = self._now()
        window = int(now // WINDOW_SECONDS)
        if window != self._window:
            self._window = window
            self._failures.clear()
        if not self._failures:
            return
        own = address if address in self._failures or len(self._failures) < MOST_ADDRESSES else _THE_REST
        count = self._failures.get(own, 0)
        if count >= self._most:
            wait = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
            raise TooFast(_SLOWLY.format(count=count, wait=wait), wait)
