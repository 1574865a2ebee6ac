"""What the numbers say when reach and revenue are put side by side. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Measure = Literal["pageviews", "visitors", "leads", "revenue"]
MEASURES: tuple[Measure, ...] = ("pageviews", "visitors", "leads", "revenue")

UNKNOWN = ("Direct", "Unassigned", "Unattributed")
"""Not channels that anybody could spend more or less on."""


@dataclass(frozen=True)
class Channel:
    """A channel by what marketing is praised for, and by what it earned."""

    name: str
    pageviews: Decimal
    visitors: Decimal
    leads: Decimal
    revenue: Decimal


def added(channels: Iterable[Channel], measure: Measure) -> Decimal:
    """A measure over several channels."""
    return sum((getattr(channel, measure) for channel in channels), Decimal(0))


def sentences(channels: Sequence[Channel]) -> list[str]:
    """One on the channels that look best, one on those that earn most; none when nothing was earned yet."""
    revenue, leads, views = added(channels, "revenue"), added(channels, "leads"), added(channels, "pageviews")
    if not (revenue > 0 and leads and views):
        return []

    def excess(channel: Channel) -> Decimal:
        return channel.revenue / revenue - channel.leads / leads

    def share(some: Sequence[Channel], measure: Measure) -> str:
        return f"{100 * added(some, measure) / added(channels, measure):.0f} %"

    named = [c for c in channels if c.name not in UNKNOWN]
    loud = [c for c in sorted(named, key=lambda c: (-c.leads, c.name)) if excess(c) < 0][:2]
    quiet = [c for c in sorted(named, key=lambda c: (-c.revenue, c.name)) if excess(c) > 0][:3]
    return [
        f"{_names(loud)} brought {share(loud, 'pageviews')} of the pageviews and {share(loud, 'leads')} of the leads, "
        f"but {share(loud, 'revenue')} of the revenue.",
        f"{_names(quiet)} brought {share(quiet, 'leads')} of the leads, and {share(quiet, 'revenue')} of the revenue.",
    ]


def _names(channels: Sequence[Channel]) -> str:
    *others, last = [channel.name for channel in channels] or ["No channel"]
    return f"{', '.join(others)} and {last}" if others else last
