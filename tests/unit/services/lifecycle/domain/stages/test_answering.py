"""How an answer grows, fact by fact."""

import pytest

from services.lifecycle.domain.stages import answering
from services.lifecycle.domain.stages.answer import Answer
from tests.lifecycle.builders import at

WAITING = Answer(at(0))
ACCEPTED = Answer(at(0), decided_at=at(1), decision="accepted")
REJECTED = Answer(at(0), decided_at=at(1), decision="rejected")
RETURNED = Answer(at(0), decided_at=at(1), decision="accepted", returned_at=at(2), return_reason="first")


@pytest.mark.parametrize(
    ("before", "decision", "by_sales", "waits_on", "after"),
    [
        (WAITING, "accepted", True, False, Answer(at(0), decided_at=at(9), decision="accepted", reason="why")),
        (WAITING, "recycled", True, False, Answer(at(0), decided_at=at(9), decision="recycled", reason="why")),
        (WAITING, "accepted", False, False, Answer(at(0), decided_at=at(9), decision="accepted", reason="why")),
        (WAITING, "none", True, False, WAITING),
        (WAITING, "accepted", True, True, WAITING),
        (ACCEPTED, "rejected", True, False, ACCEPTED),
        (ACCEPTED, "recycled", False, False, ACCEPTED),
        (ACCEPTED, "recycled", True, False,
         Answer(at(0), decided_at=at(1), decision="accepted", returned_at=at(9), return_reason="why")),
        (REJECTED, "recycled", True, False, REJECTED),
        (RETURNED, "recycled", True, False, RETURNED),
    ],
)  # fmt: skip
def test_the_first_decision_stands_and_only_sales_gives_an_accepted_lead_back(
    before: Answer, decision: str, by_sales: bool, waits_on: bool, after: Answer
) -> None:
    assert answering.after(before, at(9), decision, "why", by_sales, waits_on) == after


def test_no_reason_and_a_blank_one_are_the_same() -> None:
    assert answering.after(WAITING, at(9), "rejected", "", True, False).reason is None
    assert answering.after(ACCEPTED, at(9), "recycled", "", True, False).return_reason is None
    assert answering.after(ACCEPTED, at(9), "recycled", None, True, False).returned_at == at(9)


def test_a_call_counts_while_it_is_owed() -> None:
    assert answering.contacted(WAITING, at(9)).contacted_at == at(9)
    assert answering.contacted(ACCEPTED, at(9)).contacted_at == at(9)
    assert answering.contacted(REJECTED, at(9)) == REJECTED
    assert answering.contacted(RETURNED, at(9)) == RETURNED
    assert answering.contacted(answering.contacted(WAITING, at(8)), at(9)).contacted_at == at(8)
