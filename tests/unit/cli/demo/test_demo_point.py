"""The sentence that the demo makes of its numbers, and the folder it keeps its company in."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cli.demo import place
from cli.demo.point import Channel, sentences
from cli.demo.story import Story
from deploy.supervise.folder import AlreadyRunning, DataFolder


def channel(name: str, views: int, leads: int, revenue: int) -> Channel:
    return Channel(name, Decimal(views), Decimal(views), Decimal(leads), Decimal(revenue))


def test_the_sentences_are_made_of_the_numbers() -> None:
    loud, quiet = sentences(
        [
            channel("Paid Social", 600, 50, 5),
            channel("Display", 200, 30, 5),
            channel("Partner", 100, 5, 60),
            channel("Organic Search", 100, 15, 30),
        ]
    )
    assert (
        loud == "Paid Social and Display brought 80 % of the pageviews and 80 % of the leads, but 10 % of the revenue."
    )
    assert quiet == "Partner and Organic Search brought 20 % of the leads, and 90 % of the revenue."


def test_nothing_is_said_before_anything_is_earned() -> None:
    assert sentences([channel("Direct", 10, 1, 0)]) == []
    assert sentences([]) == []


def test_a_second_run_tells_the_same_story_even_on_another_day(tmp_path: Path) -> None:
    first = Story(place.midnight(date(2026, 11, 20)))
    place.remember(tmp_path, first)
    tomorrow = Story(place.midnight(date(2026, 11, 21)))
    assert place.story_for(tmp_path, tomorrow, end_is_set=False) == (first, False)
    assert place.story_for(tmp_path, tomorrow, end_is_set=True) == (tomorrow, True)


def test_another_seed_or_size_is_another_story(tmp_path: Path) -> None:
    end = place.midnight(date(2026, 11, 20))
    place.remember(tmp_path, Story(end))
    assert place.story_for(tmp_path, Story(end, seed=8), end_is_set=False) == (Story(end, seed=8), True)
    assert place.story_for(tmp_path, Story(end, accounts=9), end_is_set=False) == (Story(end, accounts=9), True)


def test_a_folder_without_a_story_takes_any(tmp_path: Path) -> None:
    wanted = Story(place.midnight(date(2026, 11, 20)))
    assert place.story_for(tmp_path, wanted, end_is_set=False) == (wanted, False)
    (tmp_path / "story.json").write_text("{half")
    assert place.story_for(tmp_path, wanted, end_is_set=False) == (wanted, False)


def test_another_story_moves_in_only_after_the_first_moved_out(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    place.remember(tmp_path, Story(place.midnight(date(2026, 11, 20))))
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "log").write_text("old")
    with pytest.raises(place.AnotherStory, match="--data"):
        place.make_room(folder, engines_are_ours=False)
    assert (tmp_path / "kafka" / "log").exists()
    place.make_room(folder, engines_are_ours=True)
    assert {path.name for path in tmp_path.iterdir()} <= {"lock"}


def test_the_story_of_a_running_demo_is_left_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with folder.locked(), pytest.raises(AlreadyRunning):
        place.make_room(DataFolder(tmp_path), engines_are_ours=True)
