"""The fitted models, by name."""

from services.attribution.domain.models.fitting import FittedModel
from services.attribution.domain.models.markov import Markov
from services.attribution.domain.models.shapley import Shapley

FITTED = ("markov", "shapley")


def fitted_models(*, markov_order: int = 1) -> dict[str, FittedModel]:
    """Every fitted model as configured; `markov_order` is how many latest channels the chain remembers."""
    return {"markov": Markov(markov_order), "shapley": Shapley()}
