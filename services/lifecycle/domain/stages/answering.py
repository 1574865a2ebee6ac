"""How sales' answer to one pass grows: each function takes the answer so far and gives it with one more fact."""

from datetime import datetime

from msgspec.structs import replace

from services.lifecycle.domain.stages.answer import ACCEPTED, NONE, RECYCLED, Answer


def contacted(answer: Answer, at: datetime) -> Answer:
    """Sales called. Only the first contact counts, and none after the lead was no longer to be called."""
    return answer if answer.contact_stopped_at is not None else replace(answer, contacted_at=at)


def after(
    answer: Answer, at: datetime, decision: str, reason: str | None, by_sales: bool, waits_on: bool
) -> Answer:  # fmt: skip
    """The lead left its stage by a rule that means `decision`. The first decision stands.

    `waits_on`: the lead is sales' to decide afterwards as well. An accepted lead that sales recycles is given back.
    """
    if not answer.decided:
        if decision == NONE or waits_on:
            return answer
        return replace(answer, decided_at=at, decision=decision, reason=reason or None)
    if by_sales and decision == RECYCLED and answer.decision == ACCEPTED and answer.returned_at is None:
        return replace(answer, returned_at=at, return_reason=reason or None)
    return answer


def said(answer: Answer | None) -> tuple[datetime | None, ...] | None:
    """When sales said what they said; None when the lead was never theirs."""
    return None if answer is None else (answer.contacted_at, answer.decided_at, answer.returned_at)
