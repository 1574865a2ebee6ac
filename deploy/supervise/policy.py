"""When to start a dead process again, and when to give up. Pure: times are seconds on any one clock."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.process import FAILED, LOOK_FIRST, WRONG


@dataclass(frozen=True)
class Patience:
    """A process that dies `deaths` times within `within` seconds is given up; before that, pauses double."""

    deaths: int = 5
    within: float = 60.0
    first_pause: float = 0.2
    longest_pause: float = 10.0
    look_first_pause: float = 30.0


@dataclass(frozen=True)
class RestartAt:
    """Start it again at this time."""

    time: float


@dataclass(frozen=True)
class GiveUp:
    """It died this often; starting it again will not help."""

    deaths: int


def after_death(deaths: Sequence[float], patience: Patience, code: int = FAILED) -> RestartAt | GiveUp:
    """What to do about a process that died at these times, the last of them just now and with this exit code.

    One that says that nothing but a person helps is given up at once. One that stopped so that a person looks is
    started again for ever, slowly: whatever one sender sends must not end the others' work.
    """
    now = deaths[-1]
    if code == WRONG:
        return GiveUp(1)
    if code == LOOK_FIRST:
        return RestartAt(now + patience.look_first_pause)
    recent = sum(1 for death in deaths if now - death < patience.within)
    if recent >= patience.deaths:
        return GiveUp(recent)
    return RestartAt(now + min(patience.first_pause * 2 ** (recent - 1), patience.longest_pause))
