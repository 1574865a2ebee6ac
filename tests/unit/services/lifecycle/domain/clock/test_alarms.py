"""Which alarms are set, kept and taken back when news comes."""

from datetime import timedelta

from services.lifecycle.domain.clock.alarms import Alarm, Plan, plan
from services.lifecycle.domain.stages.answer import Answer
from services.lifecycle.domain.stages.rules import Sla
from tests.lifecycle.builders import at

SLA = Sla(contact=timedelta(minutes=60), decide=timedelta(minutes=120))
PASS = ("ann", 1)


def alarms(*what: tuple[str, float], who: str = "ann", rung: str | None = None) -> list[Alarm]:
    return [Alarm(who, 1, name, at(minute), rung and f"{rung}-{name}") for name, minute in what]


ALL = alarms(("contact_warning", 30), ("contact_breached", 60), ("decide_warning", 60), ("decide_breached", 120))


def test_a_new_lead_gets_all_four() -> None:
    assert plan([], {PASS: Answer(at(0))}, {}, SLA) == Plan(put=ALL)


def test_the_same_news_again_changes_nothing() -> None:
    assert plan(ALL, {PASS: Answer(at(0))}, {}, SLA) == Plan()
    rung = alarms(("contact_warning", 30), rung="x")
    assert plan([*rung, *ALL[1:]], {PASS: Answer(at(0))}, {}, SLA) == Plan()


def test_an_answer_silences_its_clock_and_what_rang_before_it_stays_true() -> None:
    rung = alarms(("contact_warning", 30), rung="x")
    answer = Answer(at(0), contacted_at=at(40))
    assert plan([*rung, *ALL[1:]], {PASS: answer}, {}, SLA) == Plan(drop=[ALL[1]])


def test_late_news_that_the_call_was_in_time_takes_the_alarm_back() -> None:
    rung = alarms(("contact_warning", 30), ("contact_breached", 60), rung="x")
    answer = Answer(at(0), contacted_at=at(40))
    found = plan([*rung, *ALL[2:]], {PASS: answer}, {}, SLA)
    assert (found.taken_back, found.drop, found.put) == ([rung[1]], [rung[1]], [])


def test_a_clock_that_moved_rings_again_at_its_new_time_and_takes_back_the_old() -> None:
    rung = alarms(("contact_warning", 30), rung="x")
    found = plan([*rung, *ALL[1:]], {PASS: Answer(at(-10))}, {}, SLA)
    assert found.taken_back == rung
    assert {(a.what, a.due_at) for a in found.put} == {
        ("contact_warning", at(20)), ("contact_breached", at(50)),
        ("decide_warning", at(50)), ("decide_breached", at(110)),
    }  # fmt: skip
    assert len(found.drop) == 4


def test_a_pass_that_never_was_has_no_alarms() -> None:
    rung = alarms(("contact_warning", 30), rung="x")
    found = plan([*rung, *ALL[1:]], {}, {}, SLA)
    assert found.taken_back == rung and found.put == [] and len(found.drop) == 4


def test_an_alarm_of_a_merged_person_is_the_heirs_and_does_not_ring_twice() -> None:
    rung = alarms(("contact_warning", 30), rung="x", who="old")
    waiting = alarms(("contact_breached", 60), who="old")
    found = plan([*rung, *waiting], {PASS: Answer(at(0))}, {"old": "ann"}, SLA)
    assert found.taken_back == []
    assert sorted(found.put) == sorted([rung[0]._replace(person_id="ann"), *ALL[1:]])
    assert sorted(found.drop) == sorted([*rung, *waiting])


def test_of_two_that_rang_for_one_lead_one_is_taken_back() -> None:
    own, other = alarms(("contact_warning", 30), rung="x"), alarms(("contact_warning", 30), rung="y", who="old")
    found = plan([*own, *other, *ALL[1:]], {PASS: Answer(at(0))}, {"old": "ann"}, SLA)
    assert (found.taken_back, found.drop, found.put) == (other, other, [])


def test_an_alarm_whose_event_was_not_kept_is_dropped_silently() -> None:
    old = [ALL[0]._replace(rung_as="")]
    assert plan(old, {PASS: Answer(at(0), contacted_at=at(10))}, {}, SLA).taken_back == []
    assert plan([*old, *ALL[1:]], {PASS: Answer(at(0))}, {}, SLA) == Plan()
