"""The rule models: one row each, under the names and with the percentages the field uses."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from services.attribution.domain.journeys.journeys import Floats
from services.attribution.domain.journeys.selection import Paths
from services.attribution.domain.models.last_non_direct import LastNonDirect
from services.attribution.domain.models.positional import Positional
from services.attribution.domain.models.time_decay import TimeDecay


class RuleModel(Protocol):
    """Weights of one path that depend on that path alone."""

    def weights(self, paths: Paths) -> Floats:
        """One weight per touch of `paths`; the weights of every path with touches sum to 1."""
        ...


CUSTOM = "custom"
HALF_LIFE = timedelta(days=7)

RULES: Mapping[str, RuleModel] = {
    "first": Positional({"first": 100}),
    "last": Positional({"last": 100}),
    "linear": Positional({}, middle=100),
    "last_non_direct": LastNonDirect(),
    "u_shaped": Positional({"first": 40, "last": 40}, middle=20),
    "u_lead": Positional({"first": 40, "lead_created": 40}, middle=20, between=("first", "lead_created")),
    "w_shaped": Positional(
        {"first": 30, "lead_created": 30, "opportunity_created": 30},
        middle=10,
        between=("first", "opportunity_created"),
    ),
    "full_path": Positional(
        {"first": 22.5, "lead_created": 22.5, "opportunity_created": 22.5, "closed": 22.5}, middle=10
    ),
    "time_decay": TimeDecay(HALF_LIFE),
    "j_shaped": Positional({"first": 20, "last": 60}, middle=20),
    "inverse_j": Positional({"first": 60, "last": 20}, middle=20),
}


def rule_models(*, half_life: timedelta = HALF_LIFE, custom: Mapping[str, float] | None = None) -> dict[str, RuleModel]:
    """Every rule model as configured; `custom` ({"first": 30, "middle": 40, "last": 30}) adds the model of that name.

    Raises ValueError when the custom percentages name an unknown position or do not add up to 100.
    """
    models: dict[str, RuleModel] = {**RULES, "time_decay": TimeDecay(half_life)}
    if custom is not None:
        models[CUSTOM] = Positional.of(custom)
    return models
