"""Every stage change, SLA warning, breach and correction, on the `stage-transitions` topic. Produced by lifecycle."""

from datetime import datetime

import msgspec


class StageTransition(msgspec.Struct, omit_defaults=True, frozen=True):
    """A lead went from one stage to another. `superseded_at` set means: this one is corrected, it never happened.

    `event`: `transition`, `superseded`, `sla_warning`, `sla_breached`. An alarm that rang for nothing is taken back as
    a transition is: by `superseded`, under its `transition_id`. `owner` is the sales person in charge, if any.
    """

    transition_id: str
    person_id: str
    cycle: int
    to_stage: str
    occurred_at: datetime
    rule: str
    config_version: str
    recorded_at: datetime
    event: str = "transition"
    from_stage: str | None = None
    reason: str | None = None
    owner: str | None = None
    superseded_at: datetime | None = None
