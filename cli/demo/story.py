"""What a company is made from. Time and chance come from here, so nothing else needs a clock or a generator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random


@dataclass(frozen=True)
class Story:
    """`days` of a company's life that end at `end` (UTC, exclusive), with `accounts` companies in its market."""

    end: datetime
    seed: int = 7
    accounts: int = 300
    days: int = 90

    @property
    def start(self) -> datetime:
        """When the first thing happens."""
        return self.end - timedelta(days=self.days)

    def at(self, share: float) -> datetime:
        """The moment at a share of the whole time: 0 is the start, 1 the end. Whole seconds."""
        return self.start + timedelta(seconds=round(share * self.days * 86_400))

    def dice(self, *of: object) -> Random:
        """Chance for one subject of its own, so that more accounts leave the first ones as they were."""
        return Random(f"{self.seed}:{':'.join(map(str, of))}")  # noqa: S311 - a story, not a secret


def working_hours(at: datetime) -> datetime:
    """The same moment, or the next one on a weekday between 9 and 17 UTC: sales people sleep, and so do webinars."""
    if at.hour >= 17:
        at = (at + timedelta(days=1)).replace(hour=9)
    elif at.hour < 9:
        at = at.replace(hour=9)
    return at + timedelta(days=max(0, 7 - at.weekday())) if at.weekday() >= 5 else at
