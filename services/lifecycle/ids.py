"""Ids that begin with the time they were made at, so that the least of several persons is the one first minted."""

import os
import time


class Mint:
    """Makes version 7 UUIDs (RFC 9562), each greater than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        """A new id, text."""
        self._last = max(self._last + 1, time.time_ns() // 1_000_000 << 12)
        moment, order = self._last >> 12, self._last & 0xFFF
        number = moment << 80 | 7 << 76 | order << 64 | 2 << 62 | int.from_bytes(os.urandom(8)) >> 2
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
