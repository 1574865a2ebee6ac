"""The demo's data folder: one company lives in it, and moves out when another is asked for."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

from cli.demo.story import Story
from deploy.embedded import clear_leftovers
from deploy.supervise.folder import DataFolder
from shared.errors import ClosedloopError

CONFIG = """\
# The demo's configuration, written by `closedloop demo`: the defaults, our web site, and who sells.
base_currency: USD
channels:
  own_domains: [ourco.example]
lifecycle:
  owners: [mara@ourco.example, deniz@ourco.example, pete@ourco.example]
"""


class AnotherStory(ClosedloopError):
    """The engines are not ours to empty, and another company is in them."""


def story_for(folder: Path, wanted: Story, end_is_set: bool) -> tuple[Story, bool]:
    """The story to tell, and whether the folder has another one that has to go.

    Unless its end was asked for, a story of the same make goes on: so two runs are one company.
    """
    kept = _kept(folder)
    if kept is None:
        return wanted, False
    same_make = (kept.seed, kept.accounts, kept.days) == (wanted.seed, wanted.accounts, wanted.days)
    if same_make and (not end_is_set or kept.end == wanted.end):
        return kept, False
    return wanted, True


def make_room(folder: DataFolder, engines_are_ours: bool) -> None:
    """Remove the former company with its engines' data. Raises AnotherStory, or AlreadyRunning while it runs."""
    if not engines_are_ours:
        raise AnotherStory(
            f"{folder.path} remembers a demo of another seed, size or date, told to the Kafka or PostgreSQL that you "
            "named. Name an empty topic prefix and database, and another folder with --data."
        )
    with folder.locked():
        clear_leftovers(folder.path)
        for path in folder.path.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()


def remember(folder: Path, story: Story) -> Path:
    """Note which story the folder holds; returns the configuration to start the services with."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = {"seed": story.seed, "accounts": story.accounts, "days": story.days, "end": story.end.date().isoformat()}
    (folder / "story.json").write_text(json.dumps(told))
    config = folder / "closedloop.yaml"
    config.write_text(CONFIG)
    return config


def _kept(folder: Path) -> Story | None:
    try:
        told = json.loads((folder / "story.json").read_text())
        return Story(midnight(date.fromisoformat(told["end"])), told["seed"], told["accounts"], told["days"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def midnight(day: date) -> datetime:
    """The start of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
