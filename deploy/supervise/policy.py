"""When to start a dead process again, and when to give up. Pure: times are seconds on any one clock."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """A process that dies `deaths` times within `within` seconds is given up; before that, pauses double."""

    deaths: int = 5
    within: float = 60.0
    first_pause: float = 0.2
    longest_pause: float = 10.0


@dataclass(frozen=True)
class RestartAt:
    """Start it again at this time."""

    time: float


@dataclass(frozen=True)
class GiveUp:
    """It died this often; starting it again will not help."""

    deaths: int


def after_death(deaths: Sequence[float], patience: Patience) -> RestartAt | GiveUp:
    """What to do about a process that died at these times, the last of them just now."""
    now = deaths[-1]
    recent = sum(1 for death in deaths if now - death < patience.within)
    if recent >= patience.deaths:
        return GiveUp(recent)
    return RestartAt(now + min(patience.first_pause * 2 ** (recent - 1), patience.longest_pause))
