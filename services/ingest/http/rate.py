"""How many events a source may send, counted in this process."""

import math
import time
from collections.abc import Iterable

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from shared.errors import ConfigError
from shared.http.refusals import TooFast, TooLarge
from shared.settings import Source


class RateLimit:
    """A sliding window of events for each source that has a `rate`."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._rates = {source.name: _rate(source.name, source.rate) for source in sources if source.rate is not None}

    def take(self, source: str, events: int) -> None:
        """Count the events. Raises TooFast, counting none, when they are more than the source may send now.

        Raises TooLarge when they are more than it may ever send at once: waiting would not help.
        """
        rate = self._rates.get(source)
        if rate is None:
            return
        if events > rate.amount:
            raise TooLarge(f"The request brings {events} events and the source may send {rate}: split it.")
        if not self._limiter.hit(rate, source, cost=events):
            reset = self._limiter.get_window_stats(rate, source).reset_time
            wait = max(1, math.ceil(reset - time.time()))
            raise TooFast(f"The source may send {rate}. Try again in {wait} s, or raise its rate.", wait)


def _rate(source: str, text: str) -> RateLimitItem:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f'sources: {source}: rate: {text!r} is not a rate such as "500/second"') from error
