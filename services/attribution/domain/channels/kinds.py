"""What a touchpoint's kind alone says: the medium it implies, and whether it can earn credit."""

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


def earns_credit(kind: str) -> bool:
    """Whether a touch of this kind may get a share of a deal. `custom:<name>` may: the sender chose to send it."""
    return kind in CREDITED_KINDS or kind.startswith("custom:")
