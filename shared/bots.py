"""Whether a user agent is a program rather than a person: crawlers, headless browsers, link scanners, HTTP libraries.

A mail scanner that follows every link would otherwise look like the keenest lead there is.
"""

from functools import lru_cache

from crawleruseragents import is_crawler

_REMEMBERED = 16_384  # user agents; a first look-up takes 130 to 300 us, a remembered one under 1 us
_LONGEST = 512  # characters; a longer one is cut, so that the memory stays bounded

_ALSO_BOTS = (
    "headless", "phantomjs", "puppeteer", "playwright", "selenium", "webdriver", "cypress",
    "mimecast", "proofpoint", "barracuda", "safelinks", "symantec", "fireeye", "trendmicro", "trend micro",
    "sophos", "forcepoint", "ironport", "urlscan", "linkscan", "url defense", "urldefense",
)  # fmt: skip
"""What the package's list lacks: mail gateways that follow links, and browsers driven by a program. Lower case."""

_APPLE_MAIL_PRIVACY = "mozilla/5.0"
"""Apple's Mail Privacy Protection fetches images under this bare name; no browser sends it."""

_OPENED_BY_A_PERSON = ("googleimageproxy", "yahoomailproxy")
"""Mail providers fetch images through these when, and only when, the person opens the mail."""


def is_bot(user_agent: str | None) -> bool:
    """Whether this user agent is a program. None or empty is not: servers and CRM imports send none."""
    return _is_bot(user_agent[:_LONGEST]) if user_agent else False


@lru_cache(_REMEMBERED)
def _is_bot(user_agent: str) -> bool:
    lower = user_agent.lower().strip()
    if any(proxy in lower for proxy in _OPENED_BY_A_PERSON):
        return False
    known = lower == _APPLE_MAIL_PRIVACY or any(word in lower for word in _ALSO_BOTS)
    return known or bool(is_crawler(user_agent))
