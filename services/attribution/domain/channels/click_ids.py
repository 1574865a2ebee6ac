"""Click ids: the parameter an ad network or mail sender puts on its own links, and what it proves.

Rows are tried in order, so a paid click wins over a share of the same link.
fbclid and igshid prove the site but not a payment: Meta adds them to every link, paid or not.
"""

from typing import NamedTuple


class Click(NamedTuple):
    """The source and medium that a click id stands for."""

    source: str
    medium: str


CLICK_IDS: dict[str, Click] = {
    "gclid": Click("google", "cpc"),
    "gbraid": Click("google", "cpc"),
    "wbraid": Click("google", "cpc"),
    "dclid": Click("google", "display"),
    "msclkid": Click("bing", "cpc"),
    "li_fat_id": Click("linkedin", "cpc"),
    "ttclid": Click("tiktok", "cpc"),
    "twclid": Click("twitter", "cpc"),
    "rdt_cid": Click("reddit", "cpc"),
    "yclid": Click("yandex", "cpc"),
    "sccid": Click("snapchat", "cpc"),
    "qclid": Click("quora", "cpc"),
    "mkt_tok": Click("marketo", "email"),
    "_hsmi": Click("hubspot", "email"),
    "mc_eid": Click("mailchimp", "email"),
    "fbclid": Click("facebook", "social"),
    "igshid": Click("instagram", "social"),
}
"""Names in lower case; they are matched whatever the case."""
