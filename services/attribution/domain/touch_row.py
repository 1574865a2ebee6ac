"""A touchpoint as a row of warehouse.fct_touchpoint: who it belongs to, its channel, whether it can earn credit."""

from typing import Any

import msgspec

from services.attribution.domain.channels import ChannelFact, ChannelRules, earns_credit, evidence_of
from shared.bots import is_bot
from shared.events.touchpoint import Campaign, Page, Touchpoint

COLUMNS = (
    "touchpoint_id", "source", "kind", "occurred_at", "received_at", "anonymous_id", "user_id", "email", "ids",
    "identity", "account", "channel", "channel_rule", "session_source", "session_medium", "utm_source", "utm_medium",
    "utm_campaign", "utm_term", "utm_content", "click_ids", "url", "title", "referrer", "is_bot", "consent",
    "earns_credit", "flags", "properties", "user_agent", "group_call",
)  # fmt: skip

_NO_PAGE, _NO_CAMPAIGN = Page(), Campaign()
_REMEMBERED = 16_384  # facts; about 1 kB each
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


class Facts:
    """Channel facts by what a touch says of its origin, kept: most touches say what many before them said."""

    def __init__(self, rules: ChannelRules) -> None:
        self._rules = rules
        self._known: dict[tuple[object, ...], ChannelFact] = {}

    def of(self, touch: Touchpoint, page: Page, campaign: Campaign) -> ChannelFact:
        """The channel fact of a touch with this page and campaign."""
        clicks = tuple(touch.click_ids.items()) if touch.click_ids else None
        key = (
            touch.kind, page.url, page.referrer, campaign.source, campaign.medium, campaign.name, campaign.term,
            campaign.content, clicks,
        )  # fmt: skip
        fact = self._known.get(key)
        if fact is None:
            fact = self._rules.classify(evidence_of(touch))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = fact
        return fact


def touch_row(touch: Touchpoint, facts: Facts) -> tuple[Any, ...]:
    """Values in the order of COLUMNS."""
    page = touch.page or _NO_PAGE
    campaign = touch.campaign or _NO_CAMPAIGN
    fact = facts.of(touch, page, campaign)
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
        fact.channel,
        fact.rule,
        fact.source,
        fact.medium,
        campaign.source,
        campaign.medium,
        fact.campaign,
        fact.term,
        fact.content,
        _encode(touch.click_ids).decode() if touch.click_ids else None,
        page.url,
        page.title,
        page.referrer,
        bot,
        touch.consent,
        not bot and touch.consent != "denied" and earns_credit(touch.kind),
        touch.flags or None,
        _encode(touch.properties).decode() if touch.properties else None,
        touch.user_agent,
        touch.group_call,
    )
