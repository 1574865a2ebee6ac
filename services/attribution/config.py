"""The `attribution` and `channels` sections of closedloop.yaml, and what is made of them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from services.attribution.domain.channels import (
    ChannelRules,
    ChannelRulesError,
    Classifier,
    EarningKinds,
    channel_rules,
)
from services.attribution.domain.deals.attribute import Policy
from services.attribution.domain.journeys.selection import Rules
from services.attribution.domain.models import CUSTOM, FITTED, MODELS, RULES, fitted_models, rule_models
from services.attribution.domain.models.positional import Positional
from services.attribution.domain.terms import Terms
from shared.errors import ConfigError
from shared.settings import Settings, read_document, read_section
from shared.settings.model import Section

ALL = "all"
_CENTURY = 36_525  # days; more is a slip, and would leave the calendar
_KNOWN = f"there are {', '.join(MODELS)}, and {ALL} (without {CUSTOM})"


class Attribution(Section):
    """Which models credit deals, and which touches count."""

    models: tuple[str, ...] = Field(tuple(RULES), description="the models that credit every deal")
    lookback_days: float | None = Field(
        365, gt=0, le=_CENTURY, description="a touch this long before the close still counts; none: any touch does"
    )
    half_life_days: float = Field(7, gt=0, le=_CENTURY, description="time_decay: a touch this much older counts half")
    exclude_direct: bool = Field(False, description="leave Direct out unless there is nothing else")
    collapse: bool = Field(False, description="make consecutive touches of one channel one touch")
    custom: dict[str, float] | None = Field(None, description="the `custom` model: percent per position and `middle`")
    markov_order: int = Field(1, ge=1, description="markov: how many latest channels it remembers")
    earns: tuple[str, ...] = Field((), description="more kinds that earn credit, such as custom:trial_extended")
    fit_minutes: float = Field(15, ge=0, description="markov and shapley: the least time between two runs")

    @field_validator("models", mode="before")
    @classmethod
    def _all(cls, models: Any) -> Any:
        named = [models] if models == ALL else models
        if not isinstance(named, list | tuple):
            return models
        return [one for name in named for one in ((*RULES, *FITTED) if name == ALL else (name,))]

    @field_validator("models")
    @classmethod
    def _known(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        for model in models:
            if model not in MODELS:
                raise ValueError(f"unknown model {model!r}; {_KNOWN}")
        if not models:
            raise ValueError(f"name at least one model; {_KNOWN}")
        return tuple(dict.fromkeys(models))

    @field_validator("custom")
    @classmethod
    def _adds_up(cls, custom: dict[str, float] | None) -> dict[str, float] | None:
        if custom is not None:
            Positional.of(custom)
        return custom

    @field_validator("earns")
    @classmethod
    def _kinds(cls, earns: tuple[str, ...]) -> tuple[str, ...]:
        EarningKinds(earns)
        return earns

    @model_validator(mode="after")
    def _custom_is_given(self) -> "Attribution":
        if CUSTOM in self.models and self.custom is None:
            raise ValueError("models names `custom`: give its percentages, such as custom: {first: 50, last: 50}")
        return self

    @property
    def lookback(self) -> timedelta | None:
        """As a duration; None: no limit."""
        return None if self.lookback_days is None else timedelta(days=self.lookback_days)

    def policy(self, base_currency: str) -> Policy:
        """How deals are credited under this configuration."""
        known = rule_models(half_life=timedelta(days=self.half_life_days), custom=self.custom)
        return Policy(
            models={name: known[name] for name in self.models if name in known},
            rules=Rules(self.lookback, self.exclude_direct, self.collapse),
            base_currency=base_currency,
            shares={},
        )

    def terms(self, base_currency: str, channel_rules_version: str, reporting_zone: str = "UTC") -> Terms:
        """Under what deals are computed. How often runs are made is not among the terms, since it changes no credit."""
        known = fitted_models(markov_order=self.markov_order)
        noted = self.model_dump(mode="json", exclude={"fit_minutes", "earns"})
        return Terms(
            policy=self.policy(base_currency),
            lookback=self.lookback,
            model_config={**noted, "base_currency": base_currency},
            channel_rules_version=channel_rules_version,
            fitted={name: known[name] for name in self.models if name in known},
            reporting_zone=reporting_zone,
        )


def read(settings: Settings, path: Path | None = None) -> tuple[Attribution, Classifier]:
    """Both sections, checked, and what they make of a touch. Raises ConfigError, which names the key.

    It names the line too when the file is given.
    """
    section = read_attribution(settings, path)
    return section, Classifier(read_channels(settings, path), EarningKinds(section.earns))


def read_attribution(settings: Settings, path: Path | None = None) -> Attribution:
    """The section `attribution`, checked. Raises ConfigError."""
    return read_section("attribution", Attribution, settings.attribution, path)


def read_channels(settings: Settings, path: Path | None = None) -> ChannelRules:
    """The section `channels`, checked. Raises ConfigError."""
    try:
        return channel_rules(settings.channels)
    except ChannelRulesError as error:
        if path is None:
            raise ConfigError(str(error)) from None
        lines, key = read_document(path)[1], ("channels", *error.key)
        while key not in lines and key:
            key = key[:-1]
        raise ConfigError(f"{path}:{lines.get(key, 1)}: {error}") from None
