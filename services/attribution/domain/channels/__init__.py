"""Channels: which marketing channel a touch came through, and by which rule. Pure.

Reading order: `evidence` (in and out), `origin` (source and medium), `rules` and `presets` (the tables),
`classify`, `kinds`, `classifier`. docs/channels.md lists every channel.
"""

from services.attribution.domain.channels.classifier import Classified, Classifier
from services.attribution.domain.channels.classify import ChannelRules, channel_rules
from services.attribution.domain.channels.evidence import ChannelFact, Evidence, evidence_of
from services.attribution.domain.channels.kinds import CREDITED_KINDS, UNCREDITED_KINDS, EarningKinds
from services.attribution.domain.channels.rules import UNASSIGNED, ChannelRulesError

__all__ = [
    "CREDITED_KINDS",
    "UNASSIGNED",
    "UNCREDITED_KINDS",
    "ChannelFact",
    "ChannelRules",
    "ChannelRulesError",
    "Classified",
    "Classifier",
    "EarningKinds",
    "Evidence",
    "channel_rules",
    "evidence_of",
]
