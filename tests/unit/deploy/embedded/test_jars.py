"""Kafka's jars come from the cache; the network is asked once in a machine's life."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded import jars
from deploy.embedded.kafka_jars import JARS, Jar


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLOSEDLOOP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_cached_jars_are_used_without_the_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_fetch", lambda *_: pytest.fail("asked the network"))
    jar = jars._folder() / "kafka.jar"
    assert jar.is_relative_to(cache)
    jar.parent.mkdir(parents=True)
    jar.touch()

    assert jars.kafka_jars() == [jar]


def test_a_download_that_broke_off_is_not_taken_for_a_whole_one(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(_maven: object, jar: Jar, into: Path) -> None:
        (into / f"{jar.name}.jar").write_bytes(b"half of i")
        raise ConnectionError("reset by peer")

    monkeypatch.setattr(jars, "_fetch_one", breaks_off)

    with pytest.raises(jars.JarsUnavailable, match=r"(?s)reset by peer.*CLOSEDLOOP_KAFKA"):
        jars.kafka_jars()
    assert jars.cached_jars() == []
    assert [file.name for file in cache.iterdir()] == ["fetching.lock"]


def test_a_jar_that_is_not_what_was_tested_is_refused(tmp_path: Path) -> None:
    jar = JARS[0]
    forged = tmp_path / f"{jar.name}.jar"
    forged.write_bytes(b"something else")
    maven: Any = _Maven(forged)

    with pytest.raises(jars.JarsUnavailable, match=jar.sha256):
        jars._fetch_one(maven, jar, tmp_path)


class _Maven:
    """Stands in for jgo's MavenContext: whatever is asked for is this file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __getattr__(self, _: str) -> Callable[..., "_Maven"]:
        return lambda *_: self

    def resolve(self) -> Path:
        return self._file
