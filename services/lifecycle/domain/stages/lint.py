"""What is wrong with a lifecycle though each of its values is right: rules that never fire, stages nobody reaches.

A rule is tried against every stage that can be reached, whatever the order of signals: what is reported can never
happen; what is not may still be unlikely.
"""

from collections.abc import Iterator, Sequence

from services.lifecycle.domain.stages.answer import NONE
from services.lifecycle.domain.stages.rules import SEEN, Lifecycle, Rule, is_action

Fault = tuple[tuple[str | int, ...], str]
"""Where, as the path of keys within the section, and what is wrong."""


def faults(config: Lifecycle) -> Iterator[Fault]:
    """The faults, in the order of the section."""
    yield from _twice(("stages",), config.stages, "stage")
    yield from _twice(("owners",), config.owners, "owner")
    reached, can_fire = _reach(config)
    for index, stage in enumerate(config.stages):
        if stage not in reached and stage not in config.stages[:index]:
            yield ("stages", index), f"no rule leads to {stage!r}, so nobody is ever in it"
    if config.rank[config.lead_stage] > config.rank[config.sales_stage]:
        yield ("lead_stage",), f"{config.lead_stage!r} comes after the sales_stage {config.sales_stage!r} in stages"
    most = sum(max(points.cap, 0) if points.points > 0 else 0 for points in config.points.values())
    names: dict[str, int] = {}
    for index, rule in enumerate(config.rules):
        at: tuple[str | int, ...] = ("rules", index)
        if rule.name in names:
            yield (*at, "name"), f"rule {names[rule.name]} has the name {rule.name!r} too; a transition names its rule"
        names.setdefault(rule.name, index)
        if why := _never(rule, config, most):
            yield (*at, why[0]), f"rule {rule.name!r} can never fire: {why[1]}"
        elif index not in can_fire:
            yield (*at, "name"), f"rule {rule.name!r} can never fire: no lead is ever in a stage where it applies"
        if rule.new_cycle and rule.decision == NONE:
            yield (
                (*at, "decision"),
                f"rule {rule.name!r} begins a new pass, so it has to say how the old one was answered",
            )


def _twice(at: tuple[str, ...], names: Sequence[str], what: str) -> Iterator[Fault]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (*at, index), f"the {what} {name!r} is given twice"


def _never(rule: Rule, config: Lifecycle, most: int) -> tuple[str, str] | None:
    """The key and the reason why nothing can make a rule fire, wherever the lead stands."""
    if not rule.on and not rule.score:
        return "on", "it names no signal (`on`) and no score"
    if rule.from_stages is not None and not rule.from_stages:
        return "from", "it applies in no stage; leave `from` out for every earlier one"
    if rule.after is not None:
        earlier = [kind for kind in rule.after if kind in config.touch_signals]
        if not earlier:
            return "after", "only what the person did can have come before, and it names nothing of that"
    if rule.score and not rule.on and most < config.threshold:
        return "score", f"the points of all kinds together are at most {most}, the threshold is {config.threshold}"
    return None


def _reach(config: Lifecycle) -> tuple[set[str | None], set[int]]:
    """The stages somebody can be in, and the rules that can fire from one of them."""
    start: set[str | None] = {None}
    can_fire: set[int] = set()
    stage: str | None = None
    for index, rule in enumerate(config.rules):  # the first sight comes once, before anything else
        if SEEN in rule.on and rule.after is None and _applies(rule, SEEN, stage, config):
            stage = rule.to
            start.add(stage)
            can_fire.add(index)
    reached = {stage} | (start - {None})
    waiting = list(reached)
    while waiting:
        stage = waiting.pop()
        for index, rule in enumerate(config.rules):
            kinds = (rule.on - {SEEN}) | ({"score"} if rule.score else set())
            if any(_applies(rule, kind, stage, config) for kind in kinds):
                can_fire.add(index)
                if rule.to not in reached:
                    reached.add(rule.to)
                    waiting.append(rule.to)
    return reached, can_fire


def _applies(rule: Rule, kind: str, stage: str | None, config: Lifecycle) -> bool:
    if rule.from_stages is not None:
        return stage in rule.from_stages
    least = config.rank[config.lead_stage] if is_action(kind) else -1
    return least <= config.rank[stage] < config.rank[rule.to]
