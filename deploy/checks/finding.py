"""What a check is given and what it says."""

from dataclasses import dataclass
from typing import Literal

from deploy.supervise.folder import State
from shared.settings import Settings


@dataclass(frozen=True)
class Situation:
    """What is configured and what runs; `state` is None when no `closedloop up` runs here."""

    settings: Settings
    state: State | None


@dataclass(frozen=True)
class Finding:
    """The answer to one question. `todo` says how to mend it; empty when there is nothing to mend."""

    level: Literal["ok", "warn", "fail"]
    what: str
    detail: str
    todo: str = ""
