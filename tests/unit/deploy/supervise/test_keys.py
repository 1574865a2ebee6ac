"""Which keys a person is told of: only such as work."""

from pathlib import Path

from pydantic import SecretStr

from deploy.supervise.folder import DataFolder, Keys
from deploy.supervise.services import environment, keys_to_use
from shared.settings import Settings, Source


def test_only_keys_that_a_source_has_are_named(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    web, crm = Source(name="web", write_key=SecretStr("w")), Source(name="crm", secret_key=SecretStr("s"))
    assert keys_to_use(Settings(sources=(web, crm)), folder) == Keys("w", "s")
    assert keys_to_use(Settings(sources=(crm,)), folder) == Keys(None, "s")
    assert keys_to_use(Settings(sources=(web,)), folder) == Keys("w", None)
    assert list(tmp_path.iterdir()) == []


def test_without_any_configured_key_those_made_for_the_folder_are_what_the_services_get(tmp_path: Path) -> None:
    settings, folder = Settings(), DataFolder(tmp_path)
    keys = keys_to_use(settings, folder)
    told = environment(settings, folder, None, "kafka:1", "postgresql://x")
    assert (keys.write_key, keys.secret_key) == (told["CLOSEDLOOP_WRITE_KEY"], told["CLOSEDLOOP_SECRET_KEY"])
    assert keys == keys_to_use(settings, folder)


def test_a_folder_gives_its_processes_the_same_name_at_every_start(tmp_path: Path) -> None:
    def name(folder: str) -> str:
        return environment(Settings(), DataFolder(tmp_path / folder), None, "", "")["CLOSEDLOOP_INSTANCE"]

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert name("a") == name("a") != name("b")
