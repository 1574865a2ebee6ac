"""Sales' answer to one pass of a lead: whether they called, what they decided, and whether they gave it back.

One pass has one answer, the first in event time. What sales says later about the same pass is ignored, so that the
lead's stage and the answer never contradict each other; giving back an accepted lead is a fact beside the answer.
"""

from datetime import datetime

import msgspec

ACCEPTED, REJECTED, RECYCLED, NONE = "accepted", "rejected", "recycled", "none"
"""What a rule can mean as sales' answer; `none`: sales still has to decide."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sales' answer to one pass. Times are UTC.

    `mql_at` is when the lead became theirs. `reason` belongs to the decision; `returned_at` and `return_reason` say
    that an accepted lead was given back. `ended_at` is when the next pass began. `owner` is whom an action named;
    without one it is whose turn it was, which the fold does not know.
    """

    mql_at: datetime
    contacted_at: datetime | None = None
    decided_at: datetime | None = None
    decision: str | None = None
    reason: str | None = None
    returned_at: datetime | None = None
    return_reason: str | None = None
    ended_at: datetime | None = None
    owner: str | None = None

    @property
    def decided(self) -> bool:
        """Whether sales decided."""
        return self.decided_at is not None

    @property
    def contact_stopped_at(self) -> datetime | None:
        """When the contact clock stopped: at the contact, or when the lead was no longer to be called.

        An acceptance does not stop it. A rejection does, and so do giving the lead back and its next pass.
        """
        freed = None if self.decision == ACCEPTED else self.decided_at
        stops = (self.contacted_at, freed, self.returned_at, self.ended_at)
        return min((stop for stop in stops if stop is not None), default=None)
