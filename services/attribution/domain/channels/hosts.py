"""From a URL or a utm_source to the site it names. The tables are in `sites`; this only looks things up."""

import re
from functools import lru_cache
from typing import NamedTuple

import tldextract

from services.attribution.domain.channels.sites import LISTS

# The suffix list inside the package. Private suffixes too: alice.github.io and bob.github.io are two sites.
_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
_HOSTS_CACHED = 16_384
_HOST = re.compile(r"\s*(?:[^:/?#]*://|//)?(?:[^/?#@]*@)?(\[[^]]*\]|[^/?#:\s]*)")
_LONGEST_HOST = 253  # RFC 1035; longer is no host, and must not fill the cache


class Site(NamedTuple):
    """A known site: the name it is reported by and the list it is on."""

    name: str
    list: str


def _read(lists: dict[str, str]) -> tuple[dict[str, Site], dict[str, str]]:
    """The tables as (host entry -> site, utm_source -> list). An entry given twice is a mistake."""
    hosts: dict[str, Site] = {}
    sources: dict[str, str] = {}
    for list_name, lines in lists.items():
        for line in lines.strip().splitlines():
            name, _, entries = line.partition(": ")
            sources.setdefault(name, list_name)
            for entry in entries.split():
                if "." not in entry:
                    sources[entry] = list_name
                elif entry in hosts:
                    raise ValueError(f"sites.py lists {entry} twice: {hosts[entry].name} and {name}")
                else:
                    hosts[entry] = Site(name, list_name)
    return hosts, sources


_HOSTS, _SOURCES = _read(LISTS)


def host_of(url: str | None) -> str:
    """The host of a URL or a bare `example.com/page`: lower case, no port, no `www.`; "" when there is none.

    Never raises, whatever the text. An Android referrer (`android-app://com.slack/`) gives the package name.
    """
    found = _HOST.match(url) if url else None
    host = found[1].lower().rstrip(".").removeprefix("www.") if found else ""
    return host if len(host) <= _LONGEST_HOST else ""


@lru_cache(_HOSTS_CACHED)
def registrable(host: str) -> str:
    """The part of a host that one owner holds: `blog.acme.co.uk` -> `acme.co.uk`; an address stays itself."""
    parts = _extract.extract_str(host)
    return f"{parts.domain}.{parts.suffix}" if parts.suffix and parts.domain else host


@lru_cache(_HOSTS_CACHED)
def site_of(host: str) -> Site | None:
    """The site a host belongs to, by the most exact entry; None when no list knows it."""
    if not host:
        return None
    suffix = _extract.extract_str(host).suffix
    stem = host.removesuffix("." + suffix) if suffix else ""
    found = _HOSTS.get("=" + host) or (_HOSTS.get(f"={stem}.*") if stem else None)
    while found is None and host:
        found = _HOSTS.get(host) or (_HOSTS.get(f"{stem}.*") if stem else None)
        host, stem = host.partition(".")[2], stem.partition(".")[2]
    return found


@lru_cache(_HOSTS_CACHED)
def list_of(source: str) -> str | None:
    """The list a lower-case utm_source is on: by name (`google`, `fb`), else as a host (`m.facebook.com`)."""
    named = _SOURCES.get(source.replace(" ", "-"))
    if named or "." not in source:
        return named
    site = site_of(host_of(source))
    return site.list if site else None


def within(host: str, domains: frozenset[str]) -> bool:
    """Whether the host is one of the domains or a subdomain of one."""
    while host:
        if host in domains:
            return True
        host = host.partition(".")[2]
    return False
