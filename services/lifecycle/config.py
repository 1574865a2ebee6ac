"""The `lifecycle:` section of closedloop.yaml, checked and made ready for the fold."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from services.lifecycle.domain.stages.lint import faults
from services.lifecycle.domain.stages.rules import Lifecycle, Points, Rule, Sla
from services.lifecycle.sections import NO_CAP, LifecycleSection
from shared.settings import Settings, read_section, refuse

FOLD = 2
"""Counts up when the fold itself changes: what an older one made is folded again."""


class Configured(NamedTuple):
    """The lifecycle in force, and how long SLA alarms wait for news that is still on its way."""

    lifecycle: Lifecycle
    settle: timedelta


def read(settings: Settings, path: Path | None = None) -> Configured:
    """The lifecycle in force. Raises ConfigError, which names the key, and the line when the file is given."""
    return configured(settings.lifecycle, path)


def configured(section: Mapping[str, Any], path: Path | None = None) -> Configured:
    """The lifecycle that a section describes. Raises ConfigError naming the key when the section is wrong."""
    checked = read_section("lifecycle", LifecycleSection, section, path)
    refuse("lifecycle", _unknown_stages(checked), path)
    made = _lifecycle(checked)
    refuse("lifecycle", faults(made), path)
    return Configured(made, made.sla.settle)


def _unknown_stages(section: LifecycleSection) -> Iterable[tuple[tuple[str | int, ...], str]]:
    for index, rule in enumerate(section.rules):
        for key, stages in (("to", (rule.to,)), ("from", rule.from_ or ())):
            for stage in stages:
                if stage not in section.stages:
                    yield ("rules", index, key), f"there is no stage {stage!r}; there are {', '.join(section.stages)}"
            if len(set(stages)) < len(stages):
                yield ("rules", index, key), "names a stage twice"


def _lifecycle(section: LifecycleSection) -> Lifecycle:
    rules = tuple(
        Rule(
            name=rule.name,
            to=rule.to,
            on=frozenset(rule.on),
            after=None if rule.after is None else frozenset(rule.after),
            score=rule.score,
            from_stages=None if rule.from_ is None else frozenset(rule.from_),
            new_cycle=rule.new_cycle,
            resets_score=rule.resets_score,
            bars=rule.bars,
            decision=rule.decision,
        )
        for rule in section.rules
    )
    sla = section.sla
    return Lifecycle(
        stages=section.stages,
        rules=rules,
        points={kind: Points(p.points, NO_CAP if p.cap is None else p.cap) for kind, p in section.points.items()},
        threshold=section.threshold,
        lead_stage=section.lead_stage,
        sales_stage=section.sales_stage,
        sla=Sla(
            timedelta(hours=sla.contact_hours),
            timedelta(hours=sla.decide_hours),
            sla.warn_at,
            timedelta(seconds=sla.settle_seconds),
        ),
        owners=section.owners,
        version=_version(section),
    )


def _version(section: LifecycleSection) -> str:
    """A hash of what decides stages; who is on duty and when alarms ring does not."""
    deciding = section.model_dump(mode="json", exclude={"owners", "sla", "preset"})
    deciding |= {"settle_seconds": section.sla.settle_seconds, "fold": FOLD}
    return hashlib.sha256(msgspec.json.encode(deciding, order="sorted")).hexdigest()[:12]
