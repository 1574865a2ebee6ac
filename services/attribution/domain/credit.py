"""Credits of deals, explained: which touch, at which position, with which weight.

    models = rule_models(half_life=timedelta(days=7))
    [credits] = credit([journey], models, Rules(lookback=timedelta(days=90)), shares={"markov": {"Email": 0.4, ...}})
    credits["u_shaped"]   # [TouchCredit(touch_id="t1", channel="Email", position="first", weight=0.4), ...]

A hundred deals at once cost little more than one: most of the time goes to calling numpy, not to the numbers.

`shares` are the fitted models' channel shares (`Fit.shares`, or read back from model_result).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.attribution.domain.journeys.journeys import Journey, from_values
from services.attribution.domain.journeys.positions import names
from services.attribution.domain.journeys.selection import Rules, select
from services.attribution.domain.models import RuleModel
from services.attribution.domain.models.fitting import spread


@dataclass(frozen=True, slots=True)
class TouchCredit:
    """The part of a deal that one touch earned. `position` such as "first+lead_created", or "middle"."""

    touch_id: str
    channel: str
    position: str
    weight: float


def credit(
    journeys: Sequence[Journey],
    models: Mapping[str, RuleModel],
    rules: Rules | None = None,
    shares: Mapping[str, Mapping[str, float]] | None = None,
) -> list[dict[str, list[TouchCredit]]]:
    """Per journey, per model the touches that earned something, earliest first; an empty list when no touch counts."""
    paths = select(from_values(journeys), rules)
    weights = {name: model.weights(paths) for name, model in models.items()}
    weights |= {name: spread(paths, fitted) for name, fitted in (shares or {}).items()}
    held = names(paths.positions, paths.touches)
    columns = {name: own.tolist() for name, own in weights.items()}
    touch = paths.journeys.order[paths.source].tolist()
    ends = paths.offsets.tolist()
    return [
        {
            name: [
                TouchCredit(journey.touches[touch[i]].touch_id, journey.touches[touch[i]].channel, held[i], own[i])
                for i in range(start, end)
                if own[i] > 0
            ]
            for name, own in columns.items()
        }
        for journey, start, end in zip(journeys, ends[:-1], ends[1:], strict=True)
    ]
