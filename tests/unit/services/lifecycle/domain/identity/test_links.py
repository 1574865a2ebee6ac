"""Whose a weak identifier is, and when."""

from services.lifecycle.domain.identity.groups import Groups
from services.lifecycle.domain.identity.links import (
    Link,
    Span,
    changes_nothing,
    owner_at,
    runs_of,
    spans_of,
)
from tests.lifecycle.builders import at

ANN, BOB = ("email", "ann@acme.test"), ("email", "bob@acme.test")


def test_it_belongs_to_whom_it_was_last_linked_and_before_the_first_link_to_the_first() -> None:
    runs = runs_of([Link(at(5), "2", BOB), Link(at(1), "1", ANN), Link(at(9), "3", ANN)])
    assert [owner_at(runs, at(minute)) for minute in (0, 1, 4, 5, 8, 9, 99)] == [ANN, ANN, ANN, BOB, BOB, ANN, ANN]
    assert spans_of(runs, [ANN]) == [Span(None, at(5)), Span(at(9), None)]
    assert spans_of(runs, [BOB]) == [Span(at(5), at(9))]
    assert spans_of(runs, [ANN, BOB]) == [Span(None, None)]


def test_of_two_links_at_one_moment_the_one_with_the_last_id_counts() -> None:
    assert owner_at(runs_of([Link(at(1), "b", BOB), Link(at(1), "a", ANN)]), at(1)) == BOB


def test_a_link_within_its_own_run_changes_nothing() -> None:
    runs = runs_of([Link(at(1), "1", ANN), Link(at(9), "2", BOB)])
    assert changes_nothing(runs, Link(at(5), "3", ANN))
    assert not changes_nothing(runs, Link(at(5), "3", BOB))
    assert not changes_nothing(runs, Link(at(0), "3", ANN))


def test_what_is_linked_in_a_chain_is_one() -> None:
    groups: Groups[str] = Groups()
    for one, other in [("a", "b"), ("c", "d"), ("b", "c")]:
        groups.join(one, other)
    assert len({groups.find(node) for node in "abcd"}) == 1
    assert groups.find("e") != groups.find("a")
