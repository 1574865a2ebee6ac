"""Every attribution model, by name.

Rule models look at one path at a time and answer with its weights: `rule_models()["linear"].weights(paths)`.
Fitted models learn each channel's share from all paths: `fitted_models()["markov"].fit(paths)`, see `fitting`.
A new rule model is a row in `rules.py` (or a small class there with a `weights` method) and a row in its test.
"""

from services.attribution.domain.models.fitted import FITTED, fitted_models
from services.attribution.domain.models.rules import CUSTOM, RULES, RuleModel, rule_models

MODELS = (*RULES, CUSTOM, *FITTED)

__all__ = ["CUSTOM", "FITTED", "MODELS", "RULES", "RuleModel", "fitted_models", "rule_models"]
