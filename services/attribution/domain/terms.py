"""Under what deals are computed: models, which touches count, the base currency, and what is noted with a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.attribution.domain.deals.attribute import Policy
from services.attribution.domain.models.fitting import FittedModel


@dataclass(frozen=True)
class Terms:
    """Under what a run computes; `model_config` is noted with it.

    `channel_rules_version` is that of the rules new touches are classified by; a run notes those of its own touches.

    `policy` has no shares: those of the `fitted` models are of the newest run, and read when they are needed.
    `reporting_zone` changes no credit; it says whose months and days the reports count by.
    """

    policy: Policy
    lookback: timedelta | None
    model_config: Mapping[str, Any]
    channel_rules_version: str
    fitted: Mapping[str, FittedModel]
    reporting_zone: str
