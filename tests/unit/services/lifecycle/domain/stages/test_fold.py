"""What moves a lead, by the pipeline preset."""

from typing import Any

import pytest

from services.lifecycle.config import configured
from services.lifecycle.domain.stages.fold import Folded, fold
from services.lifecycle.domain.stages.rules import Lifecycle
from services.lifecycle.domain.stages.state import Signal
from tests.lifecycle.builders import at

PIPELINE = configured({}).lifecycle
INBOUND = configured({"preset": "inbound"}).lifecycle


def life(*kinds: str | tuple[str, str], config: Lifecycle = PIPELINE, known: bool = True) -> Folded:
    """The life of a person who did this, one act a minute; a tuple is an act with its reason or deal."""
    signals = [Signal(at(0), "0", "identified")] if known else []
    for minute, kind in enumerate(kinds, 1):
        name, detail = kind if isinstance(kind, tuple) else (kind, None)
        is_deal = name.startswith("deal:")
        made = Signal(at(minute), str(minute), name, None if is_deal else detail, None, detail if is_deal else None)
        signals.append(made)
    return fold(Signal(at(0), "0", "seen"), signals, config)


@pytest.mark.parametrize(
    ("kinds", "stage"),
    [
        ([], "prospect"),
        (["email_open"] * 100, "prospect"),
        (["form_submit"], "lead"),
        (["form_submit", "form_submit", "content_download"], "mql"),
        (["meeting"], "mql"),
        (["meeting", "action:accepted"], "sal"),
        (["meeting", ("action:rejected", "no budget")], "rml"),
        (["meeting", ("action:rejected", "no"), "action:recycled"], "lead"),
        (["meeting", ("action:rejected", "no"), "form_submit"], "rml"),
        (["meeting", ("action:rejected", "no"), "meeting"], "mql"),
        (["meeting", ("action:rejected", "no"), "product_signup", "form_submit"], "mql"),
        (["meeting", ("action:disqualified", "spam"), "meeting"], "rml"),
        (["meeting", ("action:disqualified", "spam"), "action:recycled", "meeting"], "mql"),
        (["meeting", "action:accepted", ("deal:open", "d")], "opportunity"),
        ([("deal:open", "d"), ("deal:won", "d")], "customer"),
        ([("deal:won", "d")], "customer"),
        ([("deal:open", "d"), ("deal:lost", "d")], "lead"),
        ([("deal:open", "d"), ("deal:open", "e"), ("deal:lost", "d")], "opportunity"),
        ([("deal:open", "d"), ("deal:won", "d"), ("deal:open", "e"), ("deal:lost", "e")], "customer"),
    ],
)
def test_acts_lead_to_a_stage(kinds: list[Any], stage: str) -> None:
    assert life(*kinds).state.stage == stage


def test_an_anonymous_visitor_stays_a_suspect_and_what_they_did_counts_once_they_are_known() -> None:
    assert life("meeting", known=False).state.stage == "suspect"
    late = [Signal(at(1), "1", "meeting"), Signal(at(2), "2", "identified")]
    folded = fold(Signal(at(0), "0", "seen"), late, PIPELINE)
    assert [t.to_stage for t in folded.transitions] == ["suspect", "prospect", "lead", "mql"]
    assert folded.transitions[-1].at == at(2)


def test_every_transition_names_its_rule_and_the_signal_that_caused_it() -> None:
    folded = life("form_submit", ("deal:won", "d"))
    assert [(t.rule, t.signal_id) for t in folded.transitions] == [
        ("first_seen", "0"), ("identified", "0"), ("voluntary_act", "1"), ("deal_won", "2"),
    ]  # fmt: skip


def test_a_rejected_lead_that_qualifies_again_begins_a_new_cycle() -> None:
    state = life("meeting", ("action:rejected", "no"), "meeting").state
    assert (state.stage, state.cycle, sorted(state.answers)) == ("mql", 2, [1, 2])
    assert state.answers[1].decision == "rejected" and state.answers[1].reason == "no"
    assert state.answers[2].decided_at is None


def test_points_of_a_kind_are_capped_and_count_anew_after_a_rejection() -> None:
    assert life(*["email_open"] * 9).state.score == 5
    assert life("meeting", ("action:rejected", "no"), "email_click").state.score == 5


def test_a_deal_answers_for_sales() -> None:
    [answer] = life("meeting", ("deal:open", "d")).state.answers.values()
    assert (answer.decision, answer.decided_at, answer.contacted_at) == ("accepted", at(2), None)


@pytest.mark.parametrize(
    ("kinds", "created"),
    [
        (["email_open"], None),
        (["email_open", "form_submit", "meeting"], 2),
        (["meeting", ("action:rejected", "no"), "meeting"], 1),
        (["form_submit", "action:disqualified", "action:recycled", "form_submit"], 1),
        ([("action:rejected", "no interest")], None),
        ([("action:rejected", "no interest"), "action:recycled"], None),
        ([("action:rejected", "no interest"), "meeting"], 2),
        ([("deal:open", "d"), ("deal:lost", "d")], None),
        ([("deal:won", "d")], None),
        ([("deal:won", "d"), "form_submit"], None),
    ],
)
def test_lead_created_is_the_first_lead_by_an_act_of_their_own_in_whatever_pass(
    kinds: list[Any], created: int | None
) -> None:
    assert life(*kinds).state.lead_created == (None if created is None else (at(created), str(created)))


def test_becoming_known_makes_a_lead_only_of_those_who_acted_before() -> None:
    rules = [
        {"name": "seen", "to": "suspect", "on": ["seen"]},
        {"name": "imported", "to": "lead", "on": ["identified"]},
        {"name": "request", "to": "mql", "on": ["meeting"]},
        {"name": "spam", "to": "gone", "on": ["review"], "bars": True},
        {"name": "left", "to": "gone", "on": ["email_unsubscribe"], "decision": "rejected"},
    ]
    stages = ["suspect", "lead", "mql", "gone"]
    config = configured({"stages": stages, "rules": rules, "lead_stage": "lead"}).lifecycle
    assert life(config=config).state.stage == "lead" and life(config=config).state.lead_created is None
    assert life("meeting", config=config).state.lead_created == (at(1), "1")
    for kind in ("review", "email_unsubscribe"):
        left = life(kind, config=config).state
        assert (left.stage, left.lead_created) == ("gone", None), "who leaves becomes no lead by it"


def test_a_company_that_won_before_somebody_was_seen_makes_them_a_customer_only_then() -> None:
    company = [Signal(at(1), "deal:d:1open", "deal:open", deal_id="d"), Signal(at(2), "d2", "deal:won", deal_id="d")]
    folded = fold(Signal(at(9), "z", "seen"), [Signal(at(9), "z", "identified"), *company], PIPELINE)
    assert folded.state.stage == "customer"
    assert {transition.at for transition in folded.transitions} == {at(9)}
    assert folded.transitions[0].rule == "first_seen"


def test_a_deal_lost_before_somebody_was_seen_is_none_of_their_business() -> None:
    def company(closed: float) -> list[Signal]:
        return [Signal(at(1), "d1", "deal:open", deal_id="d"), Signal(at(closed), "d2", "deal:lost", deal_id="d")]

    before = fold(Signal(at(9), "z", "seen"), company(8), PIPELINE)
    assert [t.to_stage for t in before.transitions] == ["suspect"] and before.state.open_deals == ()
    after = fold(Signal(at(9), "z", "seen"), company(9), PIPELINE)
    assert [t.to_stage for t in after.transitions] == ["suspect", "opportunity", "lead"]


@pytest.mark.parametrize(
    ("kinds", "stage"),
    [
        ([], "subscriber"),
        (["form_submit"], "lead"),
        (["meeting"], "mql"),
        (["meeting", "action:accepted"], "sql"),
        (["meeting", ("action:rejected", "no")], "lead"),
        (["meeting", "action:accepted", ("deal:open", "d"), ("deal:won", "d")], "customer"),
    ],
)
def test_the_inbound_preset_has_its_own_stages(kinds: list[Any], stage: str) -> None:
    assert life(*kinds, config=INBOUND).state.stage == stage


def test_a_state_knows_its_newest_signal_so_that_an_older_one_folds_again() -> None:
    assert life(known=False).state.last is None
    assert life("form_submit", "email_open").state.last == (at(2), "2")
    assert life("meeting", ("action:disqualified", "spam"), "meeting").state.last == (at(3), "3"), "also when barred"
