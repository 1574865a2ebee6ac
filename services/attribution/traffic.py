"""How much is coming in: what tells a quiet time, in which to work at once, from load, in which to be patient."""

import time

_HEAVY_RECORDS, _HEAVY_SECONDS = 1000, 1.0


class Traffic:
    """The size and the time of the last batch."""

    def __init__(self) -> None:
        self._batch = (0, 0.0)

    def saw(self, records: int) -> None:
        """A batch of so many records is being handled."""
        self._batch = (records, time.monotonic())

    def is_heavy(self) -> bool:
        """Whether large batches follow each other."""
        records, at = self._batch
        return records >= _HEAVY_RECORDS and time.monotonic() - at < _HEAVY_SECONDS
