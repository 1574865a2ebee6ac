"""Kafka's jars come from the cache; the network is asked once in a machine's life."""

from pathlib import Path

import pytest

from deploy.embedded import jars


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLOSEDLOOP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_cached_jars_are_used_without_the_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_fetch", lambda *_: pytest.fail("asked the network"))
    jar = cache / f"kafka-{jars.KAFKA_VERSION}" / "kafka.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()

    assert jars.kafka_jars() == [jar]


def test_a_download_that_broke_off_is_not_taken_for_a_whole_one(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(folder: Path, _: jars.Progress) -> list[Path]:
        (folder / "fetching-x").mkdir()
        (folder / "fetching-x" / "half.jar").touch()
        raise ConnectionError("reset by peer")

    monkeypatch.setattr(jars, "_fetch", breaks_off)

    with pytest.raises(jars.JarsUnavailable, match=r"reset by peer[^$]*CLOSEDLOOP_KAFKA"):
        jars.kafka_jars()
    assert jars.cached_jars() == []
