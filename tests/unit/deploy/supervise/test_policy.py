"""A process that dies is started again with longer and longer pauses, until it has died too often."""

import pytest

from deploy.supervise.order import NEEDS, waves
from deploy.supervise.policy import GiveUp, Patience, RestartAt, after_death
from shared.process import LOOK_FIRST, WRONG

PATIENCE = Patience(deaths=5, within=60, first_pause=1, longest_pause=6)


@pytest.mark.parametrize(
    ("deaths", "decision"),
    [
        pytest.param([100], RestartAt(101), id="the first death: the shortest pause"),
        pytest.param([100, 110], RestartAt(112), id="the second: twice that"),
        pytest.param([100, 110, 120], RestartAt(124), id="and so on"),
        pytest.param([100, 110, 120, 130], RestartAt(136), id="but never longer than the longest"),
        pytest.param([100, 110, 120, 130, 159], GiveUp(5), id="too often within a minute: give up"),
        pytest.param([100, 110, 120, 130, 160], RestartAt(166), id="deaths a minute ago are forgotten"),
        pytest.param([0, 1, 2, 3, 500], RestartAt(501), id="after a long life it starts with short pauses again"),
        pytest.param([0] * 5, GiveUp(5), id="all at once"),
    ],
)
def test_what_follows_a_death(deaths: list[float], decision: RestartAt | GiveUp) -> None:
    assert after_death(deaths, PATIENCE) == decision


def test_what_only_a_person_can_mend_is_given_up_at_once() -> None:
    assert after_death([100], PATIENCE, WRONG) == GiveUp(1)


def test_what_stopped_for_bad_records_is_started_again_slowly_however_often() -> None:
    assert after_death([0, 1, 2, 3, 4, 5, 6], PATIENCE, LOOK_FIRST) == RestartAt(36)


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        pytest.param(NEEDS, [["kafka", "postgres"], ["attribution", "ingest", "lifecycle"]], id="own engines"),
        pytest.param(
            ["postgres", "ingest", "lifecycle", "attribution"],
            [["postgres"], ["attribution", "ingest", "lifecycle"]],
            id="Kafka runs elsewhere",
        ),
        pytest.param(["ingest", "lifecycle"], [["ingest", "lifecycle"]], id="services only"),
        pytest.param([], [], id="nothing was started yet"),
    ],
)
def test_engines_come_first_and_go_last(running: list[str], expected: list[list[str]]) -> None:
    assert waves(running) == expected
