"""What sales did with a lead, on the `lead-actions` topic."""

from datetime import datetime
from typing import Literal

import msgspec

LeadActionKind = Literal["contacted", "accepted", "rejected", "recycled", "disqualified", "assigned"]


class LeadAction(msgspec.Struct, omit_defaults=True, frozen=True):
    """One act of sales on one lead. `person_id` or `email` says whose; `reason` is required to reject.

    `action_id` makes the same act sent twice one; of two receipts the earlier stands: by `received_at`, then
    `position`, its place in its request. `actor` is who did it, as far as the sender says. `owner` is the sales person
    (who acted, or to whom it was assigned). `flags`: what ingest corrected.
    """

    action_id: str
    source: str
    action: LeadActionKind
    occurred_at: datetime
    received_at: datetime
    person_id: str | None = None
    email: str | None = None
    user_id: str | None = None
    owner: str | None = None
    reason: str | None = None
    actor: str | None = None
    position: int = 0
    flags: tuple[str, ...] = ()
