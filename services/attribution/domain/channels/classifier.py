"""What the rules in force make of a touch: its channel, what it is reported by, and whether its kind earns credit."""

from hashlib import sha256
from typing import NamedTuple

from services.attribution.domain.channels.classify import ChannelRules
from services.attribution.domain.channels.evidence import Evidence
from services.attribution.domain.channels.kinds import EarningKinds

_REMEMBERED = 16_384  # about 1 kB each
_REVISION = 2
"""Raised when the code below classifies otherwise than before, under the same tables."""


class Classified(NamedTuple):
    """The columns of a touch that the rules decide. `kind_earns`: it earns credit, unless it is a bot's or refused."""

    channel: str
    channel_rule: str
    session_source: str
    session_medium: str
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None
    kind_earns: bool


class Classifier:
    """Channel rules and earning kinds of one configuration. Build it once: it remembers what it has seen.

    `version` changes whenever a touch might come out otherwise.
    """

    def __init__(self, rules: ChannelRules, kinds: EarningKinds) -> None:
        self.rules = rules
        self.kinds = kinds
        parts = (str(_REVISION), rules.version, *kinds.table)
        self.version = sha256("\n".join(parts).encode()).hexdigest()[:12]
        self._known: dict[Evidence, Classified] = {}

    def of(self, evidence: Evidence) -> Classified:
        """What becomes of a touch that carries this. Most touches carry what many before them did."""
        found = self._known.get(evidence)
        if found is None:
            fact = self.rules.classify(evidence)
            found = Classified(*fact, self.kinds.earn(evidence.kind, evidence.has_origin))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[evidence] = found
        return found
