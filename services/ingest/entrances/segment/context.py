"""What the `context` of a Segment call tells: page, campaign, click ids, consent. All of it is optional."""

import re

from services.ingest.domain.text import text_of
from services.ingest.entrances.segment.wire import SentContext, SentPage, Values
from shared.events.touchpoint import Campaign, Page

NOTHING = SentContext()

_CLICK_ID = re.compile(
    r"[?&](gclid|gbraid|wbraid|dclid|msclkid|fbclid|li_fat_id|ttclid|twclid|rdt_cid)=([^&#]{1,512})", re.IGNORECASE
)
_MARKETING = frozenset({"marketing", "advertising", "targeting"})


def context_of(own: SentContext | None, envelope: object) -> SentContext:
    """A call's context: its own, and what only the batch's envelope says, consent above all."""
    if not isinstance(envelope, SentContext):
        return own or NOTHING
    if own is None:
        return envelope
    return SentContext(
        *(
            mine if (mine := getattr(own, name)) is not None else getattr(envelope, name)
            for name in SentContext.__struct_fields__
        )
    )


def page_of(sent: SentPage) -> Page | None:
    """The page; its url gets the query from `search` when it came without."""
    url, search = sent.url, sent.search
    if url and search and "?" not in url:
        url = url + (search if search[0] == "?" else f"?{search}")
    found = Page(url or None, sent.title or None, sent.referrer or None)
    return found if found != _NO_PAGE else None


def page_in(properties: Values) -> SentPage:
    """The page that a page call names in its properties, where its context does not."""
    return SentPage(*(text_of(properties.get(name)) for name in ("url", "title", "referrer", "search")))


def campaign_of(sent: Campaign | None) -> Campaign | None:
    """The utm_* values, without blank ones; utm_campaign is `name`."""
    if sent is None:
        return None
    values = (sent.source, sent.medium, sent.name, sent.term, sent.content, sent.id)
    if "" in values:
        sent = Campaign(*(value or None for value in values))
    return sent if sent != _NO_CAMPAIGN else None


def click_ids_of(page: Page | None) -> dict[str, str]:
    """Click ids in the page's query: Segment's own campaign object has only utm_*."""
    if page is None or page.url is None or "?" not in page.url:
        return {}
    return {name.lower(): value for name, value in _CLICK_ID.findall(page.url)}


def consent_of(context: SentContext) -> str:
    """Consent to marketing by the category preferences: one denied category denies, else one granted grants."""
    if context.consent is None or not context.consent.category_preferences:
        return "unknown"
    preferences = context.consent.category_preferences
    given = [value for name, value in preferences.items() if name.lower() in _MARKETING and isinstance(value, bool)]
    if not given:
        return "unknown"
    return "granted" if all(given) else "denied"


_NO_PAGE, _NO_CAMPAIGN = Page(), Campaign()
