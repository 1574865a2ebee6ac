"""The `lifecycle:` section of closedloop.yaml as it is written: its keys, and the values each may have."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from services.lifecycle.domain.stages.answer import ACCEPTED, NONE, RECYCLED, REJECTED
from services.lifecycle.domain.stages.presets import PRESETS
from services.lifecycle.domain.stages.rules import ACTION, DEAL_SIGNALS, IDENTIFIED, SEEN
from shared.events.lead_action import LeadActionKind
from shared.events.touchpoint import KINDS
from shared.settings.model import Section

SIGNALS = KINDS | {SEEN, IDENTIFIED, *DEAL_SIGNALS} | {f"{ACTION}{name}" for name in get_args(LeadActionKind)}
NO_CAP = 1_000_000
"""The most points of one kind: a score, their sum, has to fit into an integer column."""
Hours = Annotated[float, Field(gt=0, le=24 * 365)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
_SAYS = {
    f"{ACTION}contacted": NONE,
    f"{ACTION}assigned": NONE,
    f"{ACTION}rejected": REJECTED,
    f"{ACTION}disqualified": REJECTED,
    f"{ACTION}recycled": RECYCLED,
}


class RuleSection(Section):
    """One way into a stage; the fields are those of domain.stages.rules.Rule. `decision` goes by what sales did."""

    name: Name
    to: str
    on: tuple[str, ...] = ()
    after: tuple[str, ...] | None = None
    score: bool = False
    from_: tuple[str, ...] | None = Field(None, alias="from")
    new_cycle: bool = False
    resets_score: bool = False
    bars: bool = False
    decision: Literal["accepted", "rejected", "recycled", "none"] = "accepted"

    @model_validator(mode="before")
    @classmethod
    def _meant(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "decision" in values or not isinstance(values.get("on"), list | tuple):
            return values
        says = {_SAYS.get(kind, ACCEPTED) for kind in values["on"] if isinstance(kind, str)}
        return {**values, "decision": says.pop()} if len(says) == 1 else values

    @field_validator("on", "after")
    @classmethod
    def _known(cls, kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return kinds and tuple(_signal(kind) for kind in kinds)


class PointsSection(Section):
    """What a kind adds to the score; `cap` is the most it adds in one pass (none: no limit)."""

    points: int = Field(ge=-10_000, le=10_000)
    cap: int | None = Field(None, ge=0, le=NO_CAP)


class SlaSection(Section):
    """Sales' budgets in hours from mql, and a warning at `warn_at` of each.

    Clocks differ by up to `settle_seconds`: alarms wait that long for late news, and an answer up to that long before
    its mql counts as given at the mql.
    """

    contact_hours: Hours = 24
    decide_hours: Hours = 24
    warn_at: float = Field(0.5, gt=0, lt=1)
    settle_seconds: float = Field(30, ge=0, le=3600)


class LifecycleSection(Section):
    """`preset` and what differs from it."""

    preset: str = "pipeline"
    stages: tuple[Name, ...] = Field((), min_length=1, max_length=100)
    lead_stage: str = ""
    sales_stage: str = ""
    threshold: int = Field(50, ge=1, le=NO_CAP)
    rules: tuple[RuleSection, ...] = Field((), max_length=1000)
    points: dict[str, PointsSection] = Field({}, max_length=1000)
    owners: tuple[Name, ...] = Field(("sales",), min_length=1)
    sla: SlaSection = SlaSection()

    @model_validator(mode="before")
    @classmethod
    def _over_preset(cls, values: dict[str, Any]) -> dict[str, Any]:
        preset = PRESETS.get(str(values.get("preset", "pipeline")))
        if preset is None:
            return values  # `preset` itself is refused below, with its key
        given = values.get("points")
        if given is not None and not isinstance(given, dict):
            return {**preset, **values}  # refused below as no mapping
        points = dict(_mapping(preset["points"]))
        for kind, worth in _mapping(given).items():
            if isinstance(worth, dict):
                points[kind] = points.get(kind, {}) | worth
            else:
                points[kind] = points.get(kind, {}) | {"points": worth}
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


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _signal(kind: str) -> str:
    if kind not in SIGNALS and not kind.startswith("custom:"):
        raise ValueError(f"{kind!r} is no signal; it is a kind of touchpoint, custom:<name>, or one of "
                         f"{', '.join(sorted(SIGNALS - KINDS))}")  # fmt: skip
    return kind


def _one_of(stage: str, stages: tuple[str, ...]) -> str:
    if stages and stage not in stages:
        raise ValueError(f"there is no stage {stage!r}; there are {', '.join(stages)}")
    return stage
