"""A channel rule: one row, a channel and conditions that must all hold. Presets and users write alike.

    {channel: Partner, medium_matches: "partner|reseller"}
    {channel: Organic Search, source: [organic_search, seo]}

`CONDITIONS` is every key a row may have. All text is compared without regard to case.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import attrgetter

from services.attribution.domain.channels.hosts import within
from services.attribution.domain.channels.origin import Origin
from services.attribution.domain.channels.sites import LISTS
from services.attribution.domain.ledger.ledger import UNATTRIBUTED
from shared.errors import ConfigError

UNASSIGNED = "Unassigned"

Test = Callable[[Origin], bool]


class ChannelRulesError(ConfigError, ValueError):
    """`key` is where it is wrong, below `channels`, such as ("rules", 1, "medium_matches"); the message says it.

    A ValueError as well, so that a pydantic validator can let it through.
    """

    def __init__(self, key: tuple[str | int, ...], problem: str) -> None:
        self.key = key
        super().__init__(f"channels.{'.'.join(map(str, key))}: {problem}")


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is what ChannelFact.rule says: "ga4:paid_search", "config:2" (the second of closedloop.yaml)."""

    channel: str
    name: str
    conditions: tuple[tuple[str, object], ...]
    """The row as written, without its channel; it goes into the version."""
    matches: Test
    """Whether every condition holds."""


def _both(first: Test, second: Test) -> Test:
    return lambda origin: first(origin) and second(origin)


def _words(value: object) -> frozenset[str]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, Sequence) or not words or not all(isinstance(w, str) and w.strip() for w in words):
        raise ValueError("expected a text or a list of texts")
    return frozenset(word.strip().lower() for word in words)


def _is_one_of(field: str) -> Callable[[object], Test]:
    def build(value: object) -> Test:
        get, words = attrgetter(field), _words(value)
        return lambda origin: get(origin) in words

    return build


def _matches(field: str) -> Callable[[object], Test]:
    def build(value: object) -> Test:
        if not isinstance(value, str) or not value:
            raise ValueError("expected a regular expression")
        try:
            get, search = attrgetter(field), re.compile(value, re.IGNORECASE).search
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return lambda origin: search(get(origin)) is not None

    return build


def _is_on(field: str) -> Callable[[object], Test]:
    def build(value: object) -> Test:
        get, names = attrgetter(field), _words(value)
        if unknown := sorted(names - LISTS.keys()):
            raise ValueError(f"no list {unknown[0]!r}; there are {', '.join(LISTS)}")
        return lambda origin: get(origin) in names

    return build


def _referrer(value: object) -> Test:
    domains = frozenset(domain.removeprefix("www.") for domain in _words(value))
    return lambda origin: within(origin.referrer, domains)


def _click_id(value: object) -> Test:
    names = _words(value)
    return lambda origin: not names.isdisjoint(origin.clicks)


def _tagged(value: object) -> Test:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return lambda origin: origin.tagged is value


_TEXT = ("kind", "source", "medium", "campaign", "term", "content")
CONDITIONS: dict[str, Callable[[object], Test]] = {
    **{field: _is_one_of(field) for field in _TEXT},
    **{f"{field}_matches": _matches(field) for field in _TEXT},
    "source_in": _is_on("source_list"),
    "referrer": _referrer,
    "referrer_matches": _matches("referrer"),
    "referrer_in": _is_on("referrer_list"),
    "click_id": _click_id,
    "tagged": _tagged,
}
"""Key of a row -> what makes its test from the value written; raises ValueError saying what it expected."""


def parse_rule(row: Mapping[str, object], name: str, key: tuple[str | int, ...]) -> Rule:
    """One row as a rule. `key` is where the row stands; ChannelRulesError names the key below it that is wrong."""
    if not isinstance(row, Mapping):
        raise ChannelRulesError(key, "expected a rule such as {channel: Partner, medium: partner}")
    channel = row.get("channel")
    if not isinstance(channel, str) or not channel.strip():
        raise ChannelRulesError((*key, "channel"), "every rule needs the name of its channel")
    if channel.strip() == UNATTRIBUTED:
        raise ChannelRulesError((*key, "channel"), "Unattributed is kept for deals that no touch can be credited for")
    conditions = tuple((str(field), value) for field, value in row.items() if field != "channel")
    if not conditions:
        raise ChannelRulesError(key, f"the rule has no condition; use one of {', '.join(CONDITIONS)}")
    tests: list[Test] = []
    for field, value in conditions:
        if field not in CONDITIONS:
            raise ChannelRulesError((*key, field), f"unknown condition; there are {', '.join(CONDITIONS)}")
        try:
            tests.append(CONDITIONS[field](value))
        except ValueError as error:
            raise ChannelRulesError((*key, field), str(error)) from None
    return Rule(channel.strip(), name, conditions, reduce(_both, tests))
