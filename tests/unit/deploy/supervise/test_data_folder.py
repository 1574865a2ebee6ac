"""One `closedloop up` a data folder; what it says of itself is whole, private and gone when it is."""

from pathlib import Path

import pytest

from deploy.supervise.folder import AlreadyRunning, DataFolder, NotRunning, State, StillStarting

STATE = State({"ingest": "http://127.0.0.1:8080"}, "127.0.0.1:9092", "postgresql://x", {"ingest": 1})


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def test_a_second_up_is_told_that_one_runs_and_how_to_run_beside_it(folder: DataFolder) -> None:
    second = DataFolder(folder.path)
    with folder.locked(), pytest.raises(AlreadyRunning, match=r"already runs.*--data DIR --port N"), second.locked():
        pass


def test_the_folder_is_free_again_afterwards(folder: DataFolder) -> None:
    with folder.locked():
        assert DataFolder(folder.path).is_held()
    with DataFolder(folder.path).locked():
        pass


def test_the_state_can_be_read_only_while_it_is_true(folder: DataFolder) -> None:
    with pytest.raises(NotRunning, match="closedloop up"):
        folder.state()
    with folder.locked():
        with pytest.raises(StillStarting):
            folder.state()
        folder.write_state(STATE)
        assert DataFolder(folder.path).state() == STATE
    with pytest.raises(NotRunning):
        folder.state()


def test_a_killed_runs_state_is_not_taken_for_this_ones(folder: DataFolder) -> None:
    with folder.locked():
        folder.write_state(STATE)
        left_behind = (folder.path / "state.json").read_bytes()
    (folder.path / "state.json").write_bytes(left_behind)

    with folder.locked(), pytest.raises(StillStarting):
        folder.state()


def test_the_keys_are_made_once_and_only_their_owner_may_read_them(folder: DataFolder) -> None:
    with folder.locked():
        keys = folder.keys()
        folder.write_state(STATE)
        assert DataFolder(folder.path).keys() == keys
        assert keys.write_key != keys.secret_key
        for name in ("keys.json", "state.json"):
            assert (folder.path / name).stat().st_mode & 0o077 == 0
        assert folder.path.stat().st_mode & 0o077 == 0
