"""The journeys Markov and Shapley learn from."""

from datetime import date
from decimal import Decimal

import pytest

from services.attribution.domain.deals.attribute import Case, Policy
from services.attribution.domain.deals.walks import Walks, decided
from services.attribution.domain.journeys.selection import Rules
from shared.events.deal import Deal
from tests.unit.services.attribution.domain.deals.builders import day, deal, refund
from tests.unit.services.attribution.domain.deals.touched import Touched, columns, uuid

POLICY = Policy({}, Rules(), "USD", {})

Walked = dict[str, tuple[float, float, float]]


def rate(currency: str, _: date) -> Decimal | None:
    """USD is the base, a euro is 1.10, nobody publishes a pound."""
    return {"USD": Decimal(1), "EUR": Decimal("1.10")}.get(currency)


def touch(at: float, channel: str, number: int = 0) -> Touched:
    """A touch of deal `number` on a day, of a campaign of its own."""
    return Touched(number, 0, uuid(1000 * number + round(10 * at)), day(at), channel, "s", "m", f"c{at}")


def walked(*given: tuple[tuple[Deal, ...], list[tuple[float, str]]]) -> Walked:
    """Path -> conversions, value, nulls of deals with these versions and touches."""
    walks = Walks()
    cases = [Case(f"d{n}", decided(versions), day(0)) for n, (versions, _) in enumerate(given)]
    touches = [touch(at, channel, n) for n, (_, own) in enumerate(given) for at, channel in own]
    walks.add(cases, columns(touches), POLICY, rate)
    paths = walks.paths()
    facts = paths.journeys
    return {
        " > ".join(paths.channels[c] for c in paths.channel[paths.offsets[n] : paths.offsets[n + 1]]): (
            facts.count[n],
            facts.value[n],
            facts.nulls[n],
        )
        for n in range(len(facts))
    }


TOUCHES: list[tuple[float, str]] = [(1, "Email"), (2, "Events"), (8, "Direct")]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ((deal("won", "100", 5),), {"Email > Events": (1, 100, 0)}),
        ((deal("won", "100", 5), deal("won", "120", 6, 5)), {"Email > Events": (1, 120, 0)}),
        ((deal("won", "100", 5, refunds=(refund("r", "30", 6),)),), {"Email > Events": (1, 70, 0)}),
        ((deal("won", "100", 5, currency="EUR"),), {"Email > Events": (1, 110, 0)}),
        ((deal("won", "100", 5, currency="GBP"),), {"Email > Events": (1, 0, 0)}),
        ((deal("won", "100", 1.5), deal("open", "9", 6), deal("won", "9", 9)), {"Email > Events > Direct": (1, 9, 0)}),
        ((deal("won", "100", 5), deal("open", "100", 6)), {}),
        ((deal("open", "100", 5),), {}),
        ((deal("lost", "100", 1.5),), {"Email": (0, 0, 1)}),
        ((deal("won", "100", 1.5), deal("lost", "100", 5)), {"Email > Events": (0, 0, 1)}),
        ((deal("lost", "1", 5, closed_at=None), deal("lost", "2", 9, closed_at=None)), {"Email > Events": (0, 0, 1)}),
        ((deal("won", "100", 0.5),), {}),
    ],
    ids=[
        "won: a conversion",
        "at its amount now",
        "less what was given back",
        "in the base currency",
        "worth nothing known without a rate",
        "won again: the standing close alone",
        "reopened: undecided",
        "open: undecided",
        "lost: no conversion",
        "lost after all: no conversion",
        "lost without a date: when it was first said",
        "no touch before the close: no path",
    ],
)
def test_a_deal_is_a_journey(versions: tuple[Deal, ...], expected: Walked) -> None:
    assert walked((versions, TOUCHES)) == expected


def test_equal_paths_are_counted_together() -> None:
    won, lost = (deal("won", "100", 5),), (deal("lost", "100", 5),)
    assert walked((won, TOUCHES), (won, TOUCHES), (lost, TOUCHES), (lost, [(1, "Direct")])) == {
        "Direct": (0, 0, 1),
        "Email > Events": (2, 200, 1),
    }


def test_no_decided_deal_is_no_journey() -> None:
    assert walked() == {}
    assert Walks().digest() == Walks().digest()
