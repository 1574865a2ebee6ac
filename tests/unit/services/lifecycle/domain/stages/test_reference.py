"""The fold against a plain computation, over any rules, signals and acts in any order with repeats."""

import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.lifecycle.config import configured
from services.lifecycle.domain.stages.fold import fold
from services.lifecycle.domain.stages.rules import Lifecycle, Points, Rule, Sla
from services.lifecycle.domain.stages.state import Signal
from services.lifecycle.domain.stages.timeline import NEVER_IGNORED, acts
from tests.lifecycle import stage_reference
from tests.lifecycle.builders import at

STAGES = ("a", "b", "c", "d", "e")
TOUCHES = ("x", "y", "z")
ACTS = tuple(f"action:{n}" for n in ("contacted", "accepted", "rejected", "recycled", "disqualified", "assigned"))
DEALS = ("deal:open", "deal:won", "deal:lost")
KINDS = (*TOUCHES, "identified", *ACTS, *DEALS)


def some(*of: str | None, most: int = 3) -> st.SearchStrategy[frozenset[str | None]]:
    """A few of these."""
    return st.lists(st.sampled_from(of), max_size=most).map(frozenset)


rules = st.builds(
    Rule,
    name=st.sampled_from("pqrst"),
    to=st.sampled_from(STAGES),
    on=some("seen", *KINDS, most=4),
    after=st.none() | some(*TOUCHES, "deal:open"),
    score=st.booleans(),
    from_stages=st.none() | some(*STAGES, None),
    new_cycle=st.booleans(),
    resets_score=st.booleans(),
    bars=st.sampled_from([False, False, False, True]),
    decision=st.sampled_from(["accepted", "rejected", "recycled", "none"]),
)
ways_in = (
    Rule("seen", "a", frozenset({"seen"})),
    Rule("lead", "b", frozenset({"x"})),
    Rule("mql", "c", frozenset({"x", "y"})),
    Rule("yes", "e", frozenset({"action:accepted"}), from_stages=frozenset("c")),
    Rule("no", "d", frozenset({"action:rejected"}), from_stages=frozenset("c"), decision="rejected"),
)


def made(drawn: list[Rule], points: dict[str, Points], threshold: int) -> Lifecycle:
    """A lifecycle of these rules."""
    sla = Sla(timedelta(hours=1), timedelta(hours=2), settle=timedelta(seconds=30))
    return Lifecycle(STAGES, tuple(drawn), points, threshold, "b", "c", sla, ("kim",), "v")


lifecycles = st.builds(
    made,
    st.lists(rules | st.sampled_from(ways_in), min_size=1, max_size=9).flatmap(
        lambda drawn: st.sampled_from([drawn, [*ways_in, *drawn], [*drawn, *ways_in]])
    ),
    st.dictionaries(st.sampled_from(TOUCHES), st.builds(Points, st.integers(-2, 5), st.integers(0, 9)), max_size=3),
    st.integers(1, 9),
)
moments = st.integers(-6, 30).map(lambda tens: at(tens / 6))  # ten seconds apart
owners = st.sampled_from([None, "kim", "lee"])
texts = st.sampled_from([None, "", "why"])
ids = st.text("abc", min_size=1, max_size=2)


def signals(kinds: tuple[str, ...]) -> Any:
    """Some signals of these kinds, many of them at one moment."""
    one = st.builds(
        Signal,
        moments,
        ids,
        st.sampled_from(kinds),
        texts,
        st.sampled_from([None, "kim", "lee"]),
        st.sampled_from("de"),
    )
    return st.lists(one, max_size=16, unique_by=lambda s: s.id)


def compare(config: Lifecycle, first: Signal, life: list[Signal]) -> None:
    """The product and the reference come to the same."""
    life = [s if s.kind in DEALS else s._replace(deal_id=None) for s in life]
    life = [s if s.kind in DEALS or s.at >= first.at else s._replace(at=first.at) for s in life]
    state, transitions = fold(first, life, config)
    diary = stage_reference.walk(config, (first.at, first.id), life)
    assert [tuple(t) for t in transitions] == diary.moves
    assert (state.stage, state.since) == (diary.stage, diary.since)
    assert (state.cycle, state.barred) == (diary.cycle, diary.barred)
    assert (state.owner, state.lead_created) == (diary.owner, diary.created)
    assert state.score == stage_reference.score(diary, config)
    found = {n: msgspec.structs.asdict(answer) for n, answer in state.answers.items()}
    assert found == stage_reference.answers(diary)
    moved = {move[-1] for move in diary.moves}
    for act in acts(first, life, config):
        assert (act.ignored is None) == (act.signal.id in moved or act.signal.kind in NEVER_IGNORED)


@settings(max_examples=80, deadline=None)
@given(lifecycles, signals(KINDS), st.integers(0, 6), st.randoms())
def test_any_rules_and_any_signals_come_to_what_the_plain_computation_does(
    config: Lifecycle, life: list[Signal], seen: int, dice: Any
) -> None:
    compare(config, Signal(at(seen / 6), "0", "seen"), dice.sample(life, len(life)))


@pytest.mark.parametrize("preset", ["pipeline", "inbound"])
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_the_presets_come_to_what_the_plain_computation_does(preset: str, data: Any) -> None:
    config = configured({"preset": preset}).lifecycle
    kinds = ("form_submit", "meeting", "meeting", "email_open", "identified", *ACTS, *DEALS)
    life = data.draw(signals(kinds))
    compare(config, Signal(at(0), "0", "seen"), [Signal(at(0), "0", "identified"), *life])


def drawn(dice: random.Random) -> tuple[Lifecycle, Signal, list[Signal]]:
    """A lifecycle and a life, thrown by dice: hundreds in the time in which hypothesis makes twenty."""

    def few(of: tuple[Any, ...], most: int) -> frozenset[Any]:
        return frozenset(dice.sample(of, dice.randint(1, most)))

    def rule(index: int) -> Rule:
        return Rule(
            name=f"r{index}",
            to=dice.choice(STAGES),
            on=few(("seen", *KINDS, *ACTS), 3),
            after=few((*TOUCHES, "deal:open"), 2) if dice.random() < 0.15 else None,
            score=dice.random() < 0.1,
            from_stages=few((*STAGES, "c", None), 3) if dice.random() < 0.6 else None,
            new_cycle=dice.random() < 0.15,
            resets_score=dice.random() < 0.2,
            bars=dice.random() < 0.05,
            decision=dice.choice(["accepted", "rejected", "recycled", "none"]),
        )

    rules = [*ways_in[: dice.randint(1, 5)], *(rule(index) for index in range(dice.randint(1, 6)))]
    dice.shuffle(rules)
    points = {kind: Points(dice.randint(-2, 5), dice.randint(0, 9)) for kind in TOUCHES if dice.random() < 0.7}
    life = [
        Signal(
            at(dice.randint(-4, 30) / 6), f"{dice.choice('abc')}{index}", dice.choice((*KINDS, *ACTS, "x", "y")),
            dice.choice([None, "", "why"]), dice.choice([None, "kim", "lee"]), dice.choice("de"),
        )
        for index in range(dice.randint(2, 16))
    ]  # fmt: skip
    return made(rules, points, dice.randint(1, 9)), Signal(at(dice.randint(0, 3) / 6), "0", "seen"), life


def test_hundreds_of_lives_by_dice_come_to_what_the_plain_computation_does() -> None:
    for seed in range(600):
        config, first, life = drawn(random.Random(seed))
        compare(config, first, life)
