"""Whether a user agent is a program rather than a person: crawlers, headless browsers, link scanners, HTTP libraries.

A mail scanner that follows every link would otherwise look like the keenest lead there is.
"""

import re
from functools import lru_cache

from crawleruseragents import is_crawler

_REMEMBERED = 16_384  # user agents; one look-up takes 130 us, a remembered one 0.1 us
_LONGEST = 512  # characters; a longer one is cut, so that the memory stays bounded

_ALSO_BOTS = re.compile(
    r"^mozilla/5\.0$"  # Apple Mail Privacy Protection fetches images under this bare name; no browser sends it
    r"|headless|phantomjs|puppeteer|playwright|selenium|webdriver|cypress"
    r"|mimecast|proofpoint|barracuda|safelinks|symantec|fireeye|trend ?micro|sophos|forcepoint|ironport"
    r"|urlscan|linkscan|url ?defense",
    re.IGNORECASE,
)
"""What the package's list lacks: mail gateways that follow links, and browsers driven by a program."""

_OPENED_BY_A_PERSON = re.compile(r"GoogleImageProxy|YahooMailProxy")
"""Mail providers fetch images through these when, and only when, the person opens the mail."""


def is_bot(user_agent: str | None) -> bool:
    """Whether this user agent is a program. None or empty is not: servers and CRM imports send none."""
    return _is_bot(user_agent[:_LONGEST]) if user_agent else False


@lru_cache(_REMEMBERED)
def _is_bot(user_agent: str) -> bool:
    if _OPENED_BY_A_PERSON.search(user_agent):
        return False
    return _ALSO_BOTS.search(user_agent.strip()) is not None or bool(is_crawler(user_agent))
