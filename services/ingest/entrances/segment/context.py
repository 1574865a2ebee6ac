"""What the `context` of a Segment call tells. All of it is optional and loosely typed, so nothing here raises."""

import re
from collections.abc import Mapping

from services.ingest.domain.text import text_of
from shared.events.touchpoint import Campaign, Page

Values = Mapping[str, object]
NOTHING: Values = {}

_CLICK_ID = re.compile(
    r"[?&](gclid|gbraid|wbraid|dclid|msclkid|fbclid|li_fat_id|ttclid|twclid|rdt_cid)=([^&#]{1,512})", re.IGNORECASE
)
_MARKETING = frozenset({"marketing", "advertising", "targeting"})


def context_of(own: object, envelope: object) -> Values:
    """A call's context: its own, and what only the batch's envelope says, consent above all."""
    if not isinstance(own, dict):
        return envelope if isinstance(envelope, dict) else NOTHING
    return {**envelope, **own} if isinstance(envelope, dict) else own


def within(values: Values, name: str) -> Values:
    """The object under that name, or an empty one."""
    found = values.get(name)
    return found if isinstance(found, dict) else NOTHING


def page_of(page: Values) -> Page | None:
    """The page; its url gets the query from `search` when it came without."""
    url = text_of(page.get("url"))
    search = text_of(page.get("search"))
    if url and search and "?" not in url:
        url = url + (search if search.startswith("?") else f"?{search}")
    found = Page(url, text_of(page.get("title")), text_of(page.get("referrer")))
    return found if found != Page() else None


def campaign_of(campaign: Values) -> Campaign | None:
    """The utm_* values; utm_campaign is `name`."""
    found = Campaign(*(text_of(campaign.get(name)) for name in ("source", "medium", "name", "term", "content", "id")))
    return found if found != Campaign() else None


def click_ids_of(page: Page | None) -> dict[str, str]:
    """Click ids in the page's query: Segment's own campaign object has only utm_*."""
    if page is None or page.url is None:
        return {}
    return {name.lower(): value for name, value in _CLICK_ID.findall(page.url)}


def consent_of(context: Values) -> str:
    """Consent to marketing by the category preferences: one denied category denies, else one granted grants."""
    preferences = within(within(context, "consent"), "categoryPreferences")
    given = [value for name, value in preferences.items() if name.lower() in _MARKETING and isinstance(value, bool)]
    if not given:
        return "unknown"
    return "granted" if all(given) else "denied"
