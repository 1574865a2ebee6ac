"""The `lifecycle:` section of closedloop.yaml, checked and made ready for the fold."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, NamedTuple, get_args

import msgspec
from pydantic import Field, ValidationInfo, field_validator, model_validator

from services.lifecycle.domain.stages.presets import PRESETS
from services.lifecycle.domain.stages.rules import ACTION, DEAL_SIGNALS, IDENTIFIED, SEEN, Lifecycle, Points, Rule, Sla
from shared.events.lead_action import LeadActionKind
from shared.events.touchpoint import KINDS
from shared.settings import read_section
from shared.settings.model import Section

SIGNALS = KINDS | {SEEN, IDENTIFIED, *DEAL_SIGNALS} | {f"{ACTION}{name}" for name in get_args(LeadActionKind)}
NO_CAP = 1_000_000_000
Hours = Annotated[float, Field(gt=0, le=24 * 365)]


class RuleSection(Section):
    """One way into a stage; the fields are those of domain.rules.Rule."""

    name: str
    to: str
    on: tuple[str, ...] = ()
    after: tuple[str, ...] | None = None
    score: bool = False
    from_: tuple[str, ...] | None = Field(None, alias="from")
    new_cycle: bool = False
    resets_score: bool = False
    bars: bool = False
    decision: str = "accepted"

    @field_validator("on", "after")
    @classmethod
    def _known(cls, kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return kinds and tuple(_signal(kind) for kind in kinds)


class PointsSection(Section):
    """What a kind adds to the score; `cap` is the most it adds in one pass (none: no limit)."""

    points: int
    cap: int | None = None


class SlaSection(Section):
    """Sales' budgets in hours from mql; a warning at `warn_at` of each. Alarms wait `settle_seconds` for late news."""

    contact_hours: Hours = 24
    decide_hours: Hours = 24
    warn_at: float = Field(0.5, gt=0, lt=1)
    settle_seconds: float = Field(30, ge=0)


class LifecycleSection(Section):
    """`preset` and what differs from it."""

    preset: str = "pipeline"
    stages: tuple[str, ...] = Field((), min_length=1)
    lead_stage: str = ""
    sales_stage: str = ""
    threshold: int = Field(50, ge=1)
    rules: tuple[RuleSection, ...] = ()
    points: dict[str, PointsSection] = Field({})
    owners: tuple[str, ...] = Field(("sales",), min_length=1)
    sla: SlaSection = SlaSection()

    @model_validator(mode="before")
    @classmethod
    def _over_preset(cls, values: dict[str, Any]) -> dict[str, Any]:
        preset = PRESETS.get(str(values.get("preset", "pipeline")))
        if preset is None:
            return values  # `preset` itself is refused below, with its key
        points = dict(_mapping(preset["points"]))
        for kind, given in _mapping(values.get("points")).items():
            points[kind] = points.get(kind, {}) | ({"points": given} if isinstance(given, int) else given)
        return {**preset, **values, "points": points}

    @field_validator("preset")
    @classmethod
    def _preset(cls, name: str) -> str:
        if name not in PRESETS:
            raise ValueError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
        return name

    @field_validator("points")
    @classmethod
    def _kinds(cls, points: dict[str, PointsSection]) -> dict[str, PointsSection]:
        for kind in points:
            if kind not in KINDS and not kind.startswith("custom:"):
                raise ValueError(f"{kind!r} is no kind of touchpoint; write your own as custom:<name>")
        return points

    @field_validator("lead_stage", "sales_stage")
    @classmethod
    def _stage(cls, stage: str, info: ValidationInfo) -> str:
        return _one_of(stage, info.data.get("stages", ()))

    @field_validator("rules")
    @classmethod
    def _stages_of_rules(cls, rules: tuple[RuleSection, ...], info: ValidationInfo) -> tuple[RuleSection, ...]:
        for rule in rules:
            for stage in (rule.to, *(rule.from_ or ())):
                _one_of(stage, info.data.get("stages", ()), f"rule {rule.name!r}: ")
        return rules


class Configured(NamedTuple):
    """The lifecycle in force, and how long SLA alarms wait for news that is still on its way."""

    lifecycle: Lifecycle
    settle: timedelta


def configured(section: Mapping[str, Any]) -> Configured:
    """The lifecycle in force. Raises ConfigError naming the key when the section is wrong."""
    checked = read_section("lifecycle", LifecycleSection, section)
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
        for rule in checked.rules
    )
    sla = Sla(
        timedelta(hours=checked.sla.contact_hours), timedelta(hours=checked.sla.decide_hours), checked.sla.warn_at
    )
    made = Lifecycle(
        stages=checked.stages,
        rules=rules,
        points={kind: Points(p.points, NO_CAP if p.cap is None else p.cap) for kind, p in checked.points.items()},
        threshold=checked.threshold,
        lead_stage=checked.lead_stage,
        sales_stage=checked.sales_stage,
        sla=sla,
        owners=checked.owners,
        version=_version(checked),
    )
    return Configured(made, timedelta(seconds=checked.sla.settle_seconds))


def _version(section: LifecycleSection) -> str:
    """A hash of what decides stages; who is on duty and how alarms wait does not."""
    deciding = section.model_dump(mode="json", exclude={"owners", "sla", "preset"})
    return hashlib.sha256(msgspec.json.encode(deciding, order="sorted")).hexdigest()[:12]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _signal(kind: str) -> str:
    if kind not in SIGNALS and not kind.startswith("custom:"):
        raise ValueError(f"{kind!r} is no signal; it is a kind of touchpoint, custom:<name>, or one of "
                         f"{', '.join(sorted(SIGNALS - KINDS))}")  # fmt: skip
    return kind


def _one_of(stage: str, stages: tuple[str, ...], where: str = "") -> str:
    if stages and stage not in stages:
        raise ValueError(f"{where}there is no stage {stage!r}; there are {', '.join(stages)}")
    return stage
