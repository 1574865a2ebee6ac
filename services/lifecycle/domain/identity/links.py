"""Who is who, as a pure function of links.

Strong identifiers (email, user_id, crm:<provider>) seen in one event are one person. A weak one (anonymous_id) has a
timeline of links: at any moment it belongs to the strong identifier it was last linked to; before the first link, to
the first. Its `Run`s are that timeline without the links that change nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

Key = tuple[str, str]
"""(kind, value) of an identifier."""

WEAK = "anonymous_id"


class Link(NamedTuple):
    """An event that carried a weak and a strong identifier. Links sort by time, then event id."""

    at: datetime
    event_id: str
    strong: Key


class Run(NamedTuple):
    """From `at` on the weak identifier belongs to `strong`, until the next run begins."""

    at: datetime
    strong: Key


Runs = tuple[Run, ...]


class Span(NamedTuple):
    """A stretch of time: `since` inclusive, `until` exclusive, None without end."""

    since: datetime | None
    until: datetime | None


def runs_of(links: Iterable[Link]) -> Runs:
    """The runs of a timeline of links given in any order. Of links at one moment the one with the last id counts."""
    at_moment = {link.at: link.strong for link in sorted(links)}
    runs: list[Run] = []
    for at, strong in at_moment.items():
        if not runs or runs[-1].strong != strong:
            runs.append(Run(at, strong))
    return tuple(runs)


def hands(links: Iterable[Link]) -> int:
    """How often a weak identifier changed hands. One more link never makes it fewer."""
    return sum(link.strong != after.strong for link, after in pairwise(sorted(links)))


def changes_nothing(runs: Runs, link: Link) -> bool:
    """Whether a further link falls into a run of the same strong identifier, so that the runs stay as they are."""
    index = _index(runs, link.at)
    return index >= 0 and runs[index].strong == link.strong


def owner_at(runs: Runs, at: datetime) -> Key | None:
    """The strong identifier a weak one belongs to at a moment; None when it was never linked."""
    return runs[max(0, _index(runs, at))].strong if runs else None


def spans_of(runs: Runs, mine: Iterable[Key]) -> list[Span]:
    """When a weak identifier belongs to the person with these strong identifiers: neighbouring runs are one span."""
    own = set(mine)
    spans: list[Span] = []
    for index, run in enumerate(runs):
        until = runs[index + 1].at if index + 1 < len(runs) else None
        if run.strong not in own:
            continue
        since = run.at if index else None
        if spans and spans[-1].until == since:
            spans[-1] = Span(spans[-1].since, until)
        else:
            spans.append(Span(since, until))
    return spans


def within(spans: Sequence[Span], at: datetime) -> bool:
    """Whether a moment falls into one of the spans."""
    return any((s.since is None or s.since <= at) and (s.until is None or at < s.until) for s in spans)


def _index(runs: Runs, at: datetime) -> int:
    return bisect_right(runs, at, key=lambda run: run.at) - 1
