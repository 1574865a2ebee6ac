"""When a run is due: a decision as data, with time as an argument."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Last:
    """The latest run. `marks` were ever made when its journeys were looked at, `looked_at` the last time."""

    run_id: int
    looked_at: datetime
    model_config: Mapping[str, Any]
    marks: int
    journeys: str


@dataclass(frozen=True)
class Situation:
    """What a process sees. `marks`: how many were ever made; `waiting`: some are not computed yet."""

    now: datetime
    last: Last | None
    marks: int
    won: bool
    waiting: bool


def due(seen: Situation, model_config: Mapping[str, Any], pause: timedelta) -> str | None:
    """Why a run should be made now; None when it should not.

    Deals are computed first. Without a won deal there is nothing to learn. A run under other terms waits for nothing,
    since its models have no credits, or wrong ones; otherwise something must have been marked, and `pause` be over.
    """
    if seen.waiting or not seen.won:
        return None
    if seen.last is None:
        return "fit: no run yet"
    if seen.last.model_config != model_config:
        return "fit: other terms"
    if seen.marks == seen.last.marks or seen.now < seen.last.looked_at + pause:
        return None
    return "fit: deals changed"
