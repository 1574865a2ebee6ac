"""The session's own source and medium, from what a touch carries. What channel that makes is for the rules.

The order is GA4's, with what a touch's kind says added:
1. utm_source or utm_medium. A click id, then the kind, fill a missing medium; a click id, then the referrer,
   a missing source.
2. A click id (see `click_ids`).
3. A kind that names its own medium, such as email_click (see `kinds`); the referrer, if any, names the source.
4. The referrer's site: its name, and the medium of the list it is on (MEDIUM_OF_LIST), else its host / referral.
5. Nothing: (direct) / (none). A campaign name and nothing else is (not set) / (not set): tagged, so not direct.
"""

from typing import NamedTuple
from urllib.parse import unquote_plus

from services.attribution.domain.channels.click_ids import CLICK_IDS
from services.attribution.domain.channels.evidence import Evidence
from services.attribution.domain.channels.hosts import host_of, list_of, registrable, site_of, within
from services.attribution.domain.channels.kinds import KIND_MEDIUM
from shared.text import storable

NOT_SET = "(not set)"
DIRECT = ("(direct)", "(none)")
MEDIUM_OF_LIST = {"search": "organic", "social": "social", "assistants": "ai-assistant", "webmail": "email"}
"""The medium of an untagged visit from a site on that list; from any other site it is `referral`.

`ai-assistant` is what GA4 itself reports; were it `referral`, GA4's Referral row would match first.
"""

_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_WANTED = frozenset({*_UTM, *CLICK_IDS})
_RANK = {name: rank for rank, name in enumerate(CLICK_IDS)}
_LONGEST_QUERY = 8_192  # characters; longer is no marketing link, and parsing it would hold up the batch


class Session(NamedTuple):
    """What a touch is reported by. `source` and `medium` are in lower case: Google / CPC and google / cpc are one.

    `utm_source` to `content` are the five utm_* values, given or from the page's URL: trimmed, in the case received.
    """

    source: str
    medium: str
    utm_source: str | None
    utm_medium: str | None
    campaign: str | None
    term: str | None
    content: str | None


class Origin(NamedTuple):
    """What the rules look at: everything in lower case, "" where there is nothing."""

    kind: str
    source: str
    medium: str
    campaign: str
    term: str
    content: str
    source_list: str | None
    """The list (see `sites`) that `source` is on."""
    referrer: str
    """Host of the referrer; "" when there is none or it is our own."""
    referrer_list: str | None
    clicks: tuple[str, ...]
    """Known click ids present, the deciding one first."""
    tagged: bool
    """Whether utm_source or utm_medium was given."""


def derive(evidence: Evidence, own_domains: frozenset[str]) -> tuple[Session, Origin]:
    """The session and origin of a touch. A referrer within `own_domains` (hosts) or the page's domain is ours."""
    given = (evidence.source, evidence.medium, evidence.campaign, evidence.term, evidence.content)
    utm = [(value.strip() or None) if value else None for value in given]
    query = _query(evidence.url)
    if query and not any(utm):
        utm = [query.get(name) for name in _UTM]
    utm_source, utm_medium, campaign, term, content = source, medium, *_ = utm
    clicks = _clicks(evidence.click_ids, query)

    referrer = host_of(evidence.referrer)
    site = site_of(referrer)
    if (site and site.list == "returns") or _is_ours(referrer, evidence.url, own_domains):
        referrer, site = "", None
    name = site.name if site else referrer
    kind = evidence.kind.strip().lower()
    tagged = bool(source or medium)

    if tagged:
        # The referrer must not fill a missing medium: a link tagged only utm_source=x is not known to be organic.
        clicked = CLICK_IDS[clicks[0]] if clicks else None
        source = source or (clicked.source if clicked else name or NOT_SET)
        medium = medium or (clicked.medium if clicked else KIND_MEDIUM.get(kind, NOT_SET))
    elif clicks:
        source, medium = CLICK_IDS[clicks[0]]
    elif kind in KIND_MEDIUM:
        source, medium = name or NOT_SET, KIND_MEDIUM[kind]
    elif referrer:
        source, medium = name, MEDIUM_OF_LIST.get(site.list, "referral") if site else "referral"
    else:
        source, medium = (NOT_SET, NOT_SET) if campaign else DIRECT

    session = Session(source.lower(), medium.lower(), utm_source, utm_medium, campaign, term, content)
    return session, Origin(
        kind=kind,
        source=session.source,
        medium=session.medium,
        campaign=(campaign or "").lower(),
        term=(term or "").lower(),
        content=(content or "").lower(),
        source_list=list_of(session.source),
        referrer=referrer,
        referrer_list=site.list if site else None,
        clicks=clicks,
        tagged=tagged,
    )


def utm_in(url: str | None) -> tuple[str | None, ...]:
    """The five utm_* values of a page's URL, as `Session` has them."""
    query = _query(url)
    return tuple(query.get(name) for name in _UTM)


def _is_ours(referrer: str, url: str | None, own_domains: frozenset[str]) -> bool:
    if not referrer or within(referrer, own_domains):
        return True
    page = host_of(url)
    return bool(page) and registrable(referrer) == registrable(page)


def _clicks(given: tuple[tuple[str, str], ...], query: dict[str, str]) -> tuple[str, ...]:
    names = {name.lower() for name, value in given if value}.union(query)
    return tuple(sorted(names & CLICK_IDS.keys(), key=_RANK.__getitem__)) if names else ()


def _query(url: str | None) -> dict[str, str]:
    """The campaign parameters and click ids of a URL, names in lower case, values trimmed; the first of a name.

    A NUL may hide in a URL as %00, where ingest does not look; no table can hold it, so it goes here.
    """
    if not url or "?" not in url:
        return {}
    text = url.partition("?")[2].partition("#")[0]
    found: dict[str, str] = {}
    if len(text) > _LONGEST_QUERY:
        return found
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        name = name.lower()
        if name in _WANTED and name not in found and (value := storable(unquote_plus(value)).strip()):
            found[name] = value
    return found
