"""What a touchpoint says about where it came from, and the channel made of it: values in, values out."""

from typing import NamedTuple

import msgspec

from shared.events.touchpoint import Campaign, Page, Touchpoint

_NO_PAGE = Page()
_NO_CAMPAIGN = Campaign()


class Evidence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a touch came from, as received: not yet trimmed or parsed. Hashable: it keys the cache.

    `source` to `content` are the five utm_* values; `click_ids` are (name, value) pairs, ("gclid", "Cj0K...");
    `url` is the page the person was on, `referrer` the page they came from.
    """

    kind: str = "page_view"
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    term: str | None = None
    content: str | None = None
    click_ids: tuple[tuple[str, str], ...] = ()
    referrer: str | None = None
    url: str | None = None

    @property
    def has_origin(self) -> bool:
        """Whether it says anything of where the person was or came from."""
        campaign = self.source or self.medium or self.campaign or self.term or self.content
        return bool(self.url or self.referrer or self.click_ids or campaign)


class ChannelFact(NamedTuple):
    """The channel of a touch, the rule that decided, and the session's own source and medium.

    `source` and `medium` are in lower case and never empty: GA4's "(direct)", "(none)", "(not set)" stand for the
    unknown. `utm_source` to `content` are the utm_* values, given or from the URL: trimmed, in the case they came in.
    """

    channel: str
    rule: str
    source: str
    medium: str
    utm_source: str | None
    utm_medium: str | None
    campaign: str | None
    term: str | None
    content: str | None


def evidence_of(touchpoint: Touchpoint) -> Evidence:
    """The evidence in a touchpoint event."""
    page = touchpoint.page or _NO_PAGE
    campaign = touchpoint.campaign or _NO_CAMPAIGN
    return Evidence(
        kind=touchpoint.kind,
        source=campaign.source,
        medium=campaign.medium,
        campaign=campaign.name,
        term=campaign.term,
        content=campaign.content,
        click_ids=tuple(touchpoint.click_ids.items()),
        referrer=page.referrer,
        url=page.url,
    )
