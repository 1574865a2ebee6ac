"""How many events a source may send, counted in this process."""

import math
import time

from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from services.ingest.http.keys import Grant
from services.ingest.http.refusals import TooFast


class RateLimit:
    """A sliding window of events for each source that has a `rate`."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, grant: Grant, events: int) -> None:
        """Count the events. Raises TooFast, counting none, when they are more than the source may send now."""
        rate = grant.rate
        if rate is None:
            return
        if events > rate.amount:
            raise TooFast(f"The request brings {events} events and the source may send {rate}: split it.", 60)
        if not self._limiter.hit(rate, grant.sender.name, cost=events):
            reset = self._limiter.get_window_stats(rate, grant.sender.name).reset_time
            wait = max(1, math.ceil(reset - time.time()))
            raise TooFast(f"The source may send {rate}. Try again in {wait} s, or raise its rate.", wait)
