"""What a touchpoint's kind says: the medium it implies, and whether it can earn credit."""

from collections.abc import Iterable

from shared.events.touchpoint import IDENTITY_KINDS, KINDS

KIND_MEDIUM: dict[str, str] = {
    "email_sent": "email",
    "email_delivered": "email",
    "email_open": "email",
    "email_click": "email",
    "email_bounce": "email",
    "email_unsubscribe": "email",
    "ad_impression": "cpm",
    "ad_click": "cpc",
    "retargeting_hit": "retargeting",
    "event_attended": "event",
    "meeting": "meeting",
    "call": "call",
    "review": "review",
    "referral": "referral",
}
"""The medium when neither utm_* nor a click id gives one. Other kinds happen on a page: its referrer decides."""

UNCREDITED_KINDS: dict[str, str] = {
    "email_sent": "the sender's act, not the person's",
    "email_delivered": "the mail server's act, not the person's",
    "email_bounce": "nobody saw it",
    "email_unsubscribe": "the person left",
    "identify": "only says who somebody is",
    "group": "only says whose company somebody is of",
    "alias": "only says that two ids are one person",
    "ad_impression": "shown, perhaps not seen; spend and reach reports count it",
}
"""Kinds that never earn credit, with the reason. They are stored and counted all the same."""

CREDITED_KINDS: frozenset[str] = frozenset(
    {
        "page_view", "form_submit", "content_download", "product_signup", "email_open", "email_click",
        "ad_click", "retargeting_hit", "event_attended", "meeting", "call", "chat", "review", "referral",
    }
)  # fmt: skip
"""Kinds in which the person acted or was spoken with. With UNCREDITED_KINDS these are all native kinds."""

_NATIVE = ", ".join(sorted(KINDS - CREDITED_KINDS - IDENTITY_KINDS))
_CUSTOM = "custom:"
_FORMER_IDENTITY_KINDS = frozenset(f"{_CUSTOM}{kind}" for kind in IDENTITY_KINDS)
"""What identity calls were stored as before they had kinds of their own."""


class EarningKinds:
    """Which kinds of touch may get a share of a deal: those of CREDITED_KINDS and those the configuration adds.

    A kind of the sender's own, `custom:<name>`, also earns when the touch says where the person was or came from: a
    page, a campaign or a referrer. Without any, a machine may well have sent it.
    """

    def __init__(self, added: Iterable[str] = ()) -> None:
        """`added` are kinds such as `custom:trial_extended`. Raises ValueError for what no touch can be of."""
        self.added = frozenset(added)
        for kind in sorted(self.added):
            if kind in IDENTITY_KINDS or not (kind in KINDS or kind.startswith(_CUSTOM)):
                raise ValueError(f"{kind!r} is no kind of touchpoint; give custom:<name>, or one of {_NATIVE}")
            if kind in CREDITED_KINDS:
                raise ValueError(f"{kind} earns credit anyway; leave it out")

    def earn(self, kind: str, has_origin: bool) -> bool:
        """Whether a touch of this kind earns; `has_origin`: it carries a page, a campaign, a click id or a referrer."""
        if kind in CREDITED_KINDS or kind in self.added:
            return True
        return has_origin and kind.startswith(_CUSTOM) and kind not in _FORMER_IDENTITY_KINDS

    @property
    def table(self) -> list[str]:
        """Everything the answer depends on: what goes into a version."""
        return sorted({*CREDITED_KINDS, *self.added}) + sorted(_FORMER_IDENTITY_KINDS)
