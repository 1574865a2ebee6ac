"""A touchpoint as a row of warehouse.fct_touchpoint: who it belongs to, its channel, whether it can earn credit."""

from typing import Any

import msgspec

from services.attribution.domain.channels import Classifier, evidence_of
from shared.bots import is_bot
from shared.events.touchpoint import Page, Touchpoint

COLUMNS = (
    "touchpoint_id", "source", "kind", "occurred_at", "received_at", "anonymous_id", "user_id", "email", "ids",
    "identity", "account", "channel", "channel_rule", "session_source", "session_medium", "utm_source", "utm_medium",
    "utm_campaign", "utm_term", "utm_content", "click_ids", "url", "title", "referrer", "is_bot", "consent",
    "earns_credit", "flags", "properties", "user_agent", "group_call",
    "position", "channel_rules",
)  # fmt: skip

_NO_PAGE = Page()
_encode = msgspec.json.Encoder().encode


def identity_of(touch: Touchpoint) -> str | None:
    """The one identifier that says whose touch it is, as `kind:value`: the strongest it carries.

    Whatever else it carries was linked to that identifier by this very event, so following one is enough.
    """
    if touch.email:
        return "email:" + touch.email
    if touch.user_id:
        return "user_id:" + touch.user_id
    if touch.ids:
        provider, value = min(touch.ids.items())
        return f"crm:{provider}:{value}"
    return "anonymous_id:" + touch.anonymous_id if touch.anonymous_id else None


def touch_row(touch: Touchpoint, classifier: Classifier, channel_rules: int) -> tuple[Any, ...]:
    """Values in the order of COLUMNS; `channel_rules` numbers the version of the rules in the warehouse."""
    page = touch.page or _NO_PAGE
    found = classifier.of(evidence_of(touch))
    bot = is_bot(touch.user_agent)
    return (
        touch.touchpoint_id,
        touch.source,
        touch.kind,
        touch.occurred_at,
        touch.received_at,
        touch.anonymous_id,
        touch.user_id,
        touch.email,
        _encode(touch.ids).decode() if touch.ids else None,
        identity_of(touch),
        _encode(touch.account).decode() if touch.account else None,
        *found[:-1],
        _encode(touch.click_ids).decode() if touch.click_ids else None,
        page.url,
        page.title,
        page.referrer,
        bot,
        touch.consent,
        may_earn(bot, touch.consent) and found.kind_earns,
        touch.flags or None,
        _encode(touch.properties).decode() if touch.properties else None,
        touch.user_agent,
        touch.group_call,
        touch.position,
        channel_rules,
    )


def may_earn(is_bot: bool, consent: str) -> bool:
    """Whether a touch may earn credit if its kind does: a person made it, who did not refuse."""
    return not is_bot and consent != "denied"
