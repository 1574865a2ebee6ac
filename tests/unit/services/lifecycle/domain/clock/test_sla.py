"""How long sales had and took."""

from datetime import timedelta

import pytest

from services.lifecycle.domain.clock.sla import Step, breached, due_at, is_right, runs, steps
from services.lifecycle.domain.clock.times import END, MOST_MINUTES, later, minutes
from services.lifecycle.domain.stages.answer import Answer
from services.lifecycle.domain.stages.rules import Sla
from services.lifecycle.ids import Mint
from tests.lifecycle.builders import at

SLA = Sla(contact=timedelta(minutes=60), decide=timedelta(minutes=120))
CONTACT, DECIDE = Step("contact_breached", at(60)), Step("decide_breached", at(120))


def test_alarms_ring_at_half_and_at_the_end_of_each_budget() -> None:
    assert steps(Answer(at(0)), SLA) == [
        Step("contact_warning", at(30)), CONTACT, Step("decide_warning", at(60)), DECIDE,
    ]  # fmt: skip
    assert [s.due_at for s in steps(Answer(at(0)), Sla(SLA.contact, SLA.decide, 0.1))] == [
        at(6),
        at(60),
        at(12),
        at(120),
    ]
    assert (due_at("contact", Answer(at(1)), SLA), due_at("decide", Answer(at(1)), SLA)) == (at(61), at(121))


@pytest.mark.parametrize(
    ("answer", "contact", "decide"),
    [
        (Answer(at(0)), True, True),
        (Answer(at(0), contacted_at=at(5)), False, True),
        (Answer(at(0), decided_at=at(5), decision="accepted"), True, False),
        (Answer(at(0), decided_at=at(5), decision="rejected"), False, False),
        (Answer(at(0), decided_at=at(5), decision="recycled"), False, False),
        (Answer(at(0), decided_at=at(5), decision="accepted", returned_at=at(9)), False, False),
        (Answer(at(0), decided_at=at(5), decision="accepted", ended_at=at(9)), False, False),
    ],
)
def test_the_contact_clock_outlives_an_acceptance_and_nothing_else(answer: Answer, contact: bool, decide: bool) -> None:
    assert (runs(answer, CONTACT), runs(answer, DECIDE)) == (contact, decide)


def test_a_breach_is_a_contact_or_a_decision_too_late() -> None:
    assert not breached(Answer(at(0)), SLA, now=at(60))
    assert breached(Answer(at(0)), SLA, now=at(60.1))
    in_time = Answer(at(0), contacted_at=at(60), decided_at=at(120), decision="accepted")
    assert not breached(in_time, SLA, now=at(999))
    assert breached(Answer(at(0), contacted_at=at(61), decided_at=at(62), decision="accepted"), SLA, now=at(999))
    assert breached(Answer(at(0), contacted_at=at(59), decided_at=at(121), decision="accepted"), SLA, now=at(999))
    assert breached(Answer(at(0), decided_at=at(30), decision="accepted"), SLA, now=at(61)), "accepted, never called"
    assert not breached(Answer(at(0), decided_at=at(30), decision="rejected"), SLA, now=at(999)), "no call is owed"
    assert breached(Answer(at(0), decided_at=at(61), decision="rejected"), SLA, now=at(999)), "not before the reject"
    late_return = Answer(at(0), decided_at=at(5), decision="accepted", returned_at=at(59), ended_at=at(59))
    assert not breached(late_return, SLA, now=at(999))


def test_an_alarm_was_right_when_its_clock_had_not_stopped_at_the_moment_it_was_due() -> None:
    assert is_right(Answer(at(0)), CONTACT)
    assert is_right(Answer(at(0), contacted_at=at(60.1)), CONTACT)
    assert not is_right(Answer(at(0), contacted_at=at(60)), CONTACT), "a call at the due moment is in time"
    assert is_right(Answer(at(0), contacted_at=at(5)), DECIDE)
    assert not is_right(Answer(at(0), decided_at=at(119), decision="rejected"), DECIDE)


def test_minutes_are_whole_and_open_ends_have_none() -> None:
    assert minutes(at(0), at(1.9)) == 1
    assert minutes(at(0), None) is None
    assert minutes(at(9), at(0)) == 0, "an answer before the start"


def test_no_time_is_too_early_or_too_late_to_count_with() -> None:
    first = at(0).replace(year=1, month=1, day=1)
    assert later(END, timedelta(days=1)) == END
    assert later(at(0), timedelta(minutes=1)) == at(1)
    assert minutes(first, END) == MOST_MINUTES
    assert steps(Answer(END), SLA)[-1].due_at == END
    assert breached(Answer(first), SLA, now=END)


def test_ids_grow_so_that_the_first_minted_is_the_least() -> None:
    mint = Mint()
    ids = [mint() for _ in range(5000)]
    assert ids == sorted(set(ids))
    assert all(len(id_) == 36 and id_[14] == "7" for id_ in ids)
