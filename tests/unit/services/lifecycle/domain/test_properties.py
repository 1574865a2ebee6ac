"""What must hold for any signals and links, in any order of arrival."""

from datetime import datetime
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.lifecycle.config import configured
from services.lifecycle.domain.accounts.book import Book, Object
from services.lifecycle.domain.accounts.claims import Named
from services.lifecycle.domain.identity.links import Link, changes_nothing, owner_at, runs_of, spans_of, within
from services.lifecycle.domain.stages.fold import advance, fold
from services.lifecycle.domain.stages.rules import IDENTIFIED
from services.lifecycle.domain.stages.state import Signal
from tests.lifecycle import reference, worlds
from tests.lifecycle.builders import at

PIPELINE = configured({}).lifecycle
KINDS = [
    *sorted(PIPELINE.touch_signals),
    "action:contacted", "action:accepted", "action:rejected", "action:recycled", "action:disqualified",
    "deal:open", "deal:won", "deal:lost", IDENTIFIED,
]  # fmt: skip
moments = st.integers(0, 30).map(at)
signals = st.builds(
    Signal, moments, st.text("abc", min_size=1, max_size=3), st.sampled_from(KINDS), deal_id=st.sampled_from("de")
)
lives = st.lists(signals, max_size=25, unique_by=lambda s: (s.at, s.id))
strong = st.sampled_from([("email", "a"), ("email", "b"), ("user_id", "u")])
timelines = st.lists(st.builds(Link, moments, st.text("abc", min_size=1, max_size=2), strong), max_size=12)
FIRST = Signal(at(0), "", "seen")


@given(lives, st.randoms())
def test_a_fold_does_not_know_the_order_of_arrival(life: list[Signal], dice: Random) -> None:
    shuffled = dice.sample(life, len(life))
    assert fold(FIRST, shuffled, PIPELINE) == fold(FIRST, life, PIPELINE)


@given(lives)
def test_a_newer_signal_is_one_step_from_the_folded_state(life: list[Signal]) -> None:
    life.sort(key=lambda s: (s.at, s.id))
    for known in range(len(life)):
        state, transitions = fold(FIRST, life[:known], PIPELINE)
        state, more = advance(state, life[known], PIPELINE)
        whole = fold(FIRST, life[: known + 1], PIPELINE)
        assert (state, transitions + more) == (whole.state, whole.transitions)


@given(lives)
def test_transitions_chain_and_cycles_only_grow(life: list[Signal]) -> None:
    folded = fold(FIRST, life, PIPELINE)
    for before, after in zip(folded.transitions, folded.transitions[1:], strict=False):
        assert after.from_stage == before.to_stage
        assert 0 <= after.cycle - before.cycle <= 1
        assert after.at >= before.at
    assert folded.transitions[-1].to_stage == folded.state.stage


@given(timelines, moments)
def test_a_weak_identifier_always_belongs_to_exactly_one_of_those_it_was_linked_to(
    links: list[Link], moment: datetime
) -> None:
    runs = runs_of(links)
    owners = {link.strong for link in links}
    holding = [owner for owner in owners if within(spans_of(runs, [owner]), moment)]
    assert holding == ([owner_at(runs, moment)] if links else [])


@given(timelines, st.builds(Link, moments, st.just("new"), strong))
def test_a_link_said_to_change_nothing_changes_nothing(links: list[Link], link: Link) -> None:
    runs = runs_of(links)
    if changes_nothing(runs, link):
        assert runs_of([*links, link]) == runs


named = st.builds(Named, st.sampled_from(["", "A", "B"]), st.sampled_from(["", "x.test", "y.test"]),
                  st.sampled_from(["", "acme"]))  # fmt: skip
objects = st.lists(st.builds(Object, named, moments, st.text("abc", max_size=2), st.just("Acme")), max_size=8)


@given(objects, st.randoms())
def test_what_an_account_key_stands_for_does_not_depend_on_order_and_ids_never_merge(
    given: list[Object], dice: Random
) -> None:
    book, other = Book(given), Book(dice.sample(given, len(given)))
    for key in ("A", "B", "domain:x.test", "domain:y.test", "name:acme"):
        resolved = book.resolve(key)
        assert resolved == other.resolve(key)
        assert book.resolve(resolved.account_id).account_id == resolved.account_id
    assert book.resolve("A").account_id == "A" and book.resolve("B").account_id == "B"


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.randoms())
def test_the_whole_computation_over_a_set_does_not_know_its_order_either(seed: int, dice: Random) -> None:
    events = worlds.events(seed, 30)
    repeated = events + dice.sample(events, 10)
    dice.shuffle(repeated)
    assert reference.lives(repeated, PIPELINE) == reference.lives(events, PIPELINE)
