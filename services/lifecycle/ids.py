"""Ids that begin with the time they were made at, so that the least of several persons is the one first minted."""

import secrets
import time

_LOW = 1 << 48


class Mint:
    """Makes version 7 UUIDs (RFC 9562, method 2: within a millisecond a random number counts on)."""

    def __init__(self) -> None:
        self._moment = 0
        self._prefix = ""
        self._low = 0

    def __call__(self) -> str:
        """A new id, greater than the one before, as text."""
        now = time.time_ns() // 1_000_000
        if now > self._moment or self._low >= _LOW:
            self._moment = max(now, self._moment + 1)
            moment = f"{self._moment:012x}"
            high, variant = secrets.randbits(12), 0x8000 | secrets.randbits(14)
            self._prefix = f"{moment[:8]}-{moment[8:]}-7{high:03x}-{variant:04x}-"
            self._low = secrets.randbits(47)  # half of the room is left for counting on
        self._low += 1
        return f"{self._prefix}{self._low:012x}"
