"""Sales' answer: one for each pass, the first in event time, and the stage always agrees with it."""

from datetime import timedelta
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.lifecycle.config import configured
from services.lifecycle.domain.stages.fold import Folded, fold
from services.lifecycle.domain.stages.rules import Lifecycle
from services.lifecycle.domain.stages.state import Signal, State
from services.lifecycle.domain.stages.timeline import Act, acts
from tests.lifecycle.builders import at

PIPELINE = configured({}).lifecycle
INBOUND = configured({"preset": "inbound"}).lifecycle
SEEN, KNOWN = Signal(at(0), "0", "seen"), Signal(at(0), "0", "identified")
MQL = Signal(at(1), "1", "meeting")
DECISIONS = ("accepted", "rejected", "disqualified", "recycled", "contacted")


def act(what: str, minute: float, id: str = "", **fields: str) -> Signal:
    """Something sales did."""
    return Signal(at(minute), id or f"action:{what}@{minute}", f"action:{what}", **fields)


def life(*signals: Signal, config: Lifecycle = PIPELINE) -> Folded:
    """The life of a known person."""
    return fold(SEEN, [KNOWN, *signals], config)


def told(*signals: Signal, config: Lifecycle = PIPELINE) -> dict[str, str | None]:
    """Why each act was ignored, by its id."""
    found: list[Act] = acts(SEEN, [KNOWN, *signals], config)
    return {one.signal.id: one.ignored for one in found}


def agree(state: State, sal: str = "sal") -> bool:
    """Whether stage and answer of the present pass say the same."""
    answer = state.answer
    if state.stage == "mql":
        return answer is not None and answer.decided_at is None
    if state.stage == sal:
        return answer is not None and answer.decision == "accepted" and answer.returned_at is None
    return answer is None or (answer.decision == "rejected" and state.stage == "rml")


@pytest.mark.parametrize(("first", "second"), [*permutations(("accepted", "rejected", "disqualified"), 2)])
def test_of_two_decisions_the_first_in_event_time_stands(first: str, second: str) -> None:
    state = life(MQL, act(second, 3, reason="second"), act(first, 2, reason="first")).state
    [answer] = state.answers.values()
    meant = "accepted" if first == "accepted" else "rejected"
    assert (answer.decision, answer.decided_at, answer.reason) == (meant, at(2), "first")
    assert state.stage == ("sal" if first == "accepted" else "rml")
    assert agree(state)


def test_what_came_second_is_ignored_and_says_why() -> None:
    why = told(MQL, act("accepted", 2), act("rejected", 3, reason="no"), act("contacted", 4), act("assigned", 5))
    assert why == {
        "action:accepted@2": None,
        "action:rejected@3": f"sales answered this pass already: accepted at {at(2).isoformat()}",
        "action:contacted@4": None,
        "action:assigned@5": None,
    }


@given(
    st.lists(
        st.tuples(st.sampled_from((*DECISIONS, "assigned", "meeting", "form_submit")), st.integers(0, 9)), max_size=14
    ),
    st.sampled_from([PIPELINE, INBOUND]),
)
def test_stage_and_answer_agree_whatever_sales_does_in_whatever_order(
    plan: list[tuple[str, int]], config: Lifecycle
) -> None:
    signals = [
        act(what, minute, f"action:{n}") if what in (*DECISIONS, "assigned") else Signal(at(minute), f"t{n}", what)
        for n, (what, minute) in enumerate(plan)
    ]
    folded = life(MQL, *signals, config=config)
    assert agree(folded.state, "sal" if config is PIPELINE else "sql")
    decided = [(a.decided_at, n) for n, a in folded.state.answers.items() if a.decided_at]
    assert decided == sorted(decided)
    for n, answer in folded.state.answers.items():
        assert answer.decided or n == folded.state.cycle, "a pass that is over was answered"
    # Each decision counts once: the transitions out of waiting are as many as the answers.
    assert folded.transitions == life(*reversed(signals), MQL, config=config).transitions


def test_giving_back_an_accepted_lead_is_a_fact_of_its_own() -> None:
    state = life(MQL, act("accepted", 2), act("recycled", 9, reason="went silent")).state
    answer = state.answers[1]
    assert (answer.decision, answer.decided_at, answer.reason) == ("accepted", at(2), None)
    assert (answer.returned_at, answer.return_reason, answer.ended_at) == (at(9), "went silent", at(9))
    assert (state.stage, state.cycle) == ("lead", 2)
    again = life(MQL, act("accepted", 2), act("recycled", 9), act("recycled", 10, reason="again")).state
    assert (again.answers[1].returned_at, again.answers[1].return_reason) == (at(9), None)


def test_recycling_a_waiting_lead_is_its_answer() -> None:
    [answer] = life(MQL, act("recycled", 9, reason="too early")).state.answers.values()
    assert (answer.decision, answer.decided_at, answer.returned_at) == ("recycled", at(9), None)


def test_a_deal_answers_for_sales_and_gives_nothing_back() -> None:
    opened = Signal(at(2), "d1", "deal:open", deal_id="d")
    lost = Signal(at(9), "d2", "deal:lost", "no budget", deal_id="d")
    state = life(MQL, opened, lost).state
    answer = state.answers[1]
    assert (answer.decision, answer.decided_at, answer.returned_at, answer.ended_at) == ("accepted", at(2), None, at(9))
    assert (state.stage, state.cycle) == ("lead", 2)


def test_only_the_first_contact_counts_and_none_after_the_lead_was_given_back() -> None:
    assert life(MQL, act("contacted", 5), act("contacted", 3)).state.answers[1].contacted_at == at(3)
    assert life(MQL, act("accepted", 2), act("contacted", 3)).state.answers[1].contacted_at == at(3)
    assert life(MQL, act("rejected", 2), act("contacted", 3)).state.answers[1].contacted_at is None


@pytest.mark.parametrize("stage", [(), (Signal(at(0), "0b", "form_submit"),)], ids=["prospect", "lead"])
@pytest.mark.parametrize("what", ["accepted", "rejected", "recycled"])
@pytest.mark.parametrize("seconds", [0, 2, 30, 31])
def test_an_answer_just_before_its_mql_was_given_at_the_mql(stage: tuple[Signal, ...], what: str, seconds: int) -> None:
    early = Signal(at(1) - timedelta(seconds=seconds), "action:early", f"action:{what}", "why", None)
    state = life(*stage, MQL, early).state
    answer = max(state.answers.items())[1] if state.answers else None
    if seconds > 30 and not (what == "accepted" and stage):
        assert answer is not None and answer.decided_at is None and state.stage == "mql"
        return
    assert answer is not None
    taken = what == "accepted" and bool(stage)  # a lead may be taken at any time, and is sales' own from then on
    assert (answer.decision, answer.decided_at) == (what, early.at if taken else at(1))
    assert answer.mql_at == answer.decided_at
    assert told(*stage, MQL, early) == {"action:early": None}
    assert agree(state)


def test_a_call_just_before_the_mql_was_made_at_the_mql() -> None:
    early = Signal(at(1) - timedelta(seconds=9), "action:call", "action:contacted")
    assert life(MQL, early).state.answers[1].contacted_at == at(1)
    assert life(MQL, early._replace(at=at(0))).state.answers[1].contacted_at is None


def test_an_early_answer_counts_for_one_pass_only() -> None:
    early = Signal(at(1) - timedelta(seconds=2), "action:early", "action:recycled")
    again = Signal(at(1) + timedelta(seconds=5), "9", "meeting")
    state = life(MQL, early, again).state
    assert (state.stage, sorted(state.answers)) == ("mql", [1, 2])


def test_the_first_of_several_early_answers_stands() -> None:
    moments = {"rejected": 5, "accepted": 3}
    early = [Signal(at(1) - timedelta(seconds=s), f"action:{w}", f"action:{w}", w) for w, s in moments.items()]
    state = life(MQL, *early).state
    [answer] = state.answers.values()
    assert (answer.decision, answer.reason, state.stage) == ("rejected", "rejected", "rml")
    assert told(MQL, *early)["action:accepted"] is not None


@pytest.mark.parametrize("known", [True, False])
def test_nobody_is_accepted_who_never_was_a_lead(known: bool) -> None:
    signals = [KNOWN] if known else []
    folded = fold(SEEN, [*signals, act("accepted", 2)], PIPELINE)
    stage = "prospect" if known else "suspect"
    assert folded.state.stage == stage
    [one] = acts(SEEN, [*signals, act("accepted", 2)], PIPELINE)
    assert one.ignored == f"a {stage} is not a lead yet, so it cannot be accepted"


def test_nor_by_a_rule_that_names_no_stage_to_come_from() -> None:
    rules = [
        {"name": "known", "to": "lead", "on": ["form_submit"]},
        {"name": "first_seen", "to": "suspect", "on": ["seen"]},
        {"name": "request", "to": "mql", "on": ["meeting"]},
        {"name": "accepted", "to": "sal", "on": ["action:accepted"]},
    ]
    config = configured({"stages": ["suspect", "lead", "mql", "sal"], "rules": rules}).lifecycle
    assert life(act("accepted", 2), config=config).state.stage == "suspect"
    assert life(Signal(at(1), "1", "form_submit"), act("accepted", 2), config=config).state.stage == "sal"
    allowed = [*rules[:-1], {**rules[-1], "from": ["suspect"]}]
    config = configured({"stages": ["suspect", "lead", "mql", "sal"], "rules": allowed}).lifecycle
    assert life(act("accepted", 2), config=config).state.stage == "sal", "a configuration that says so"


def test_sales_may_take_a_lead_early_and_that_is_its_answer_too() -> None:
    folded = life(Signal(at(1), "1", "form_submit"), act("accepted", 5, owner="kim", reason="hot"))
    assert [t.to_stage for t in folded.transitions][-2:] == ["mql", "sal"]
    [answer] = folded.state.answers.values()
    assert (answer.mql_at, answer.decided_at, answer.owner) == (at(5), at(5), "kim")
    assert folded.state.owner == "kim"


def test_an_ignored_acceptance_does_not_change_the_owner() -> None:
    state = life(MQL, act("accepted", 2, owner="kim"), act("accepted", 3, owner="lee")).state
    assert (state.owner, state.answers[1].owner) == ("kim", "kim")
    state = life(MQL, act("accepted", 2, owner="kim"), act("assigned", 3, owner="lee")).state
    assert (state.owner, state.answers[1].owner) == ("lee", "lee")
    assert life(MQL, act("rejected", 2, owner="kim")).state.owner is None


WORKING = configured(
    {
        "stages": ["suspect", "lead", "mql", "rml", "working", "sal"],
        "rules": [
            {"name": "first_seen", "to": "suspect", "on": ["seen"]},
            {"name": "voluntary", "to": "lead", "on": ["form_submit"], "from": ["suspect"]},
            {"name": "request", "to": "mql", "on": ["meeting"], "from": ["suspect", "lead", "rml"]},
            {"name": "called", "to": "working", "on": ["action:contacted"], "from": ["mql"]},
            {"name": "back", "to": "mql", "on": ["action:assigned"], "from": ["working"]},
            {"name": "accepted", "to": "sal", "on": ["action:accepted"], "from": ["mql", "working"]},
            {"name": "rejected", "to": "rml", "on": ["action:rejected"], "from": ["mql", "working"]},
        ],
    }
).lifecycle


def test_a_stage_between_mql_and_sal_waits_on() -> None:
    state = life(MQL, act("contacted", 2), config=WORKING).state
    assert (state.stage, state.answers[1].contacted_at, state.answers[1].decided_at) == ("working", at(2), None)
    back = life(MQL, act("contacted", 2), act("assigned", 3, owner="kim"), config=WORKING).state
    assert (back.stage, back.cycle, back.answers[1].decided_at) == ("mql", 1, None)
    for what, stage in (("accepted", "sal"), ("rejected", "rml")):
        state = life(MQL, act("contacted", 2), act(what, 5), config=WORKING).state
        assert (state.stage, state.answers[1].decision, state.answers[1].decided_at) == (stage, what, at(5))


def test_a_lead_that_was_answered_comes_back_in_a_new_pass_whatever_the_rule_says() -> None:
    state = life(MQL, act("rejected", 2), Signal(at(3), "3", "meeting"), config=WORKING).state
    assert (state.stage, state.cycle, sorted(state.answers)) == ("mql", 2, [1, 2])
    assert state.answers[1].ended_at == at(3)


def test_a_call_that_itself_hands_the_lead_over_counts_as_the_call() -> None:
    rules = [
        {"name": "first_seen", "to": "lead", "on": ["seen"]},
        {"name": "called", "to": "mql", "on": ["action:contacted"], "from": ["lead"]},
        {"name": "accepted", "to": "sal", "on": ["action:accepted"], "from": ["mql"]},
    ]
    config = configured({"stages": ["lead", "mql", "sal"], "rules": rules}).lifecycle
    assert life(act("contacted", 4), config=config).state.answers[1].contacted_at == at(4)


def test_every_pair_of_answers_in_every_stage_ends_with_one_answer() -> None:
    before = [
        (),
        (Signal(at(0), "0b", "form_submit"),),
        (MQL,),
        (MQL, act("accepted", 1.1)),
        (MQL, act("rejected", 1.1)),
    ]
    for setting, one, two in product(before, DECISIONS, DECISIONS):
        state = life(*setting, act(one, 2, "action:a"), act(two, 2.2, "action:b")).state
        assert agree(state), (setting, one, two, state)
