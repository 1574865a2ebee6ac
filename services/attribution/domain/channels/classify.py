"""Classifying touches: the rules in force and their version."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from services.attribution.domain.channels.click_ids import CLICK_IDS
from services.attribution.domain.channels.evidence import ChannelFact, Evidence
from services.attribution.domain.channels.hosts import host_of
from services.attribution.domain.channels.kinds import KIND_MEDIUM
from services.attribution.domain.channels.origin import MEDIUM_OF_LIST, Origin, derive
from services.attribution.domain.channels.presets import PRESETS
from services.attribution.domain.channels.rules import UNASSIGNED, ChannelRulesError, Rule, parse_rule
from services.attribution.domain.channels.sites import LISTS

_ORIGINS_CACHED = 8_192
_SETTINGS = ("preset", "own_domains", "rules")


class ChannelRules:
    """The rules of one configuration. Build it once: it remembers what became of each origin, whatever the page.

    `rules` are tried in order, users' rows ("config:1", counted from one) before the preset's; the first match
    decides and no match is Unassigned. `version` changes when the rules, the own domains or any table behind
    them change. `channels` is every channel classify() can answer.
    """

    def __init__(
        self,
        preset: str = "b2b",
        own_domains: Sequence[str] = (),
        rules: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """Raises ChannelRulesError, which names the key that is wrong."""
        self.own_domains = frozenset(_own_domains(own_domains))
        self.rules = (*_user_rules(rules), *_preset_rules(preset))
        self.channels = tuple(dict.fromkeys([*(rule.channel for rule in self.rules), UNASSIGNED]))
        self.version = _version(self.rules, self.own_domains)
        self._decide = lru_cache(_ORIGINS_CACHED)(self._first_match)

    def classify(self, evidence: Evidence) -> ChannelFact:
        """The channel of a touch and the rule that decided. Never fails: what no rule knows is Unassigned."""
        session, origin = derive(evidence, self.own_domains)
        channel, rule = self._decide(origin)
        return ChannelFact(channel, rule, *session)

    def _first_match(self, origin: Origin) -> tuple[str, str]:
        for rule in self.rules:
            if rule.matches(origin):
                return rule.channel, rule.name
        return UNASSIGNED, "unassigned"


def channel_rules(settings: Mapping[str, object]) -> ChannelRules:
    """Rules from the `channels` mapping of closedloop.yaml: {preset, own_domains, rules}, each optional.

    Raises ChannelRulesError, which names the key that is wrong.
    """
    for key in settings:
        if key not in _SETTINGS:
            raise ChannelRulesError((str(key),), f"unknown setting; there are {', '.join(_SETTINGS)}")
    preset = settings.get("preset", "b2b")
    if not isinstance(preset, str):
        raise ChannelRulesError(("preset",), f"expected one of {', '.join(PRESETS)}")
    return ChannelRules(preset, _list(settings, "own_domains"), _list(settings, "rules"))


def _list(settings: Mapping[str, object], key: str) -> Sequence:  # type: ignore[type-arg]
    value = settings.get(key, [])
    if not isinstance(value, (list, tuple)):
        raise ChannelRulesError((key,), "expected a list")
    return value


def _own_domains(domains: Sequence[str]) -> Iterable[str]:
    for number, domain in enumerate(domains):
        host = host_of(domain) if isinstance(domain, str) else ""
        if not host:
            raise ChannelRulesError(("own_domains", number), f"expected a domain such as acme.com, got {domain!r}")
        yield host


def _user_rules(rows: Sequence[Mapping[str, object]]) -> list[Rule]:
    return [parse_rule(row, f"config:{number + 1}", ("rules", number)) for number, row in enumerate(rows)]


def _preset_rules(preset: str) -> list[Rule]:
    if preset not in PRESETS:
        raise ChannelRulesError(("preset",), f"no preset {preset!r}; there are {', '.join(PRESETS)}")
    return [
        parse_rule(row, f"{prefix}:{slug(str(row['channel']))}", (prefix, number))
        for prefix, rows in PRESETS[preset]
        for number, row in enumerate(rows)
    ]


def slug(channel: str) -> str:
    """A channel's name as it stands in a rule's: "Paid Search" -> "paid_search"."""
    return channel.lower().replace(" ", "_").replace("-", "_")


def _version(rules: Iterable[Rule], own_domains: Iterable[str]) -> str:
    """Twelve hex digits; the same for the same rules in any process."""
    in_force = [
        [(rule.channel, rule.name, rule.conditions) for rule in rules],
        sorted(own_domains),
        [CLICK_IDS, KIND_MEDIUM, MEDIUM_OF_LIST, LISTS],
    ]
    return sha256(json.dumps(in_force, default=str).encode()).hexdigest()[:12]
