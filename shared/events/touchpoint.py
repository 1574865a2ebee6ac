"""One interaction of one person, as it travels on the `touchpoints` topic."""

from datetime import datetime

import msgspec

IDENTITY_KINDS = frozenset({"identify", "group", "alias"})
"""Calls that only tell who somebody is. Nobody did anything, so they earn no credit and open no visit."""

KINDS = IDENTITY_KINDS | frozenset(
    {
        "page_view", "form_submit", "content_download", "product_signup", "email_sent", "email_delivered",
        "email_open", "email_click", "email_bounce", "email_unsubscribe", "ad_impression", "ad_click",
        "retargeting_hit", "event_attended", "meeting", "call", "chat", "review", "referral",
    }
)  # fmt: skip
"""The kinds with a meaning of their own. Any other is written `custom:<name>`."""


class Account(msgspec.Struct, omit_defaults=True, frozen=True):
    """The company, as far as the sender knows it."""

    id: str | None = None
    domain: str | None = None
    name: str | None = None


class Page(msgspec.Struct, omit_defaults=True, frozen=True):
    """Where it happened."""

    url: str | None = None
    title: str | None = None
    referrer: str | None = None


class Campaign(msgspec.Struct, omit_defaults=True, frozen=True):
    """The utm_* values, as received (utm_campaign is `name`)."""

    source: str | None = None
    medium: str | None = None
    name: str | None = None
    term: str | None = None
    content: str | None = None
    id: str | None = None


class Touchpoint(msgspec.Struct, omit_defaults=True, frozen=True):
    """A normalised touchpoint. Times are UTC.

    `touchpoint_id` is uuid5(source, client id): the same event sent twice is one.
    Of two receipts of one touchpoint the earlier stands: by `received_at`, then `position`, its place in its request.
    `trusted`: it came with a secret key, so what it says of people and accounts outranks what a public key says.
    `previous_id` is a user id that the same person had before `user_id`: the two are linked as strong identifiers.
    `email` is trimmed and lower-cased; `flags` names what ingest corrected (such as `occurred_at_clamped`).
    At least one identifier (anonymous_id, user_id, email, ids) is present.
    """

    touchpoint_id: str
    source: str
    kind: str
    occurred_at: datetime
    received_at: datetime
    anonymous_id: str | None = None
    user_id: str | None = None
    email: str | None = None
    ids: dict[str, str] = {}
    account: Account | None = None
    page: Page | None = None
    campaign: Campaign | None = None
    click_ids: dict[str, str] = {}
    properties: dict[str, object] = {}
    consent: str = "unknown"
    user_agent: str | None = None
    ip: str | None = None
    group_call: bool = False
    flags: tuple[str, ...] = ()
    position: int = 0
    trusted: bool = False
    previous_id: str | None = None
