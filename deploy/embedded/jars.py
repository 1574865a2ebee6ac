"""Kafka's jars: fetched from Maven Central once with `jgo`, then used from the user's cache without the network.

Which jars, and their hashes, is written down in `kafka_jars`: asking Maven took 20 s of CPU, and what is run here
should be what was tested. `python -m deploy.embedded.renew_jars VERSION` asks again.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.embedded.kafka_jars import JARS, KAFKA_VERSION, Jar
from shared.errors import EngineError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

Progress = Callable[[str], None]  # is told in a few words what is being done now
_AT_ONCE = 6  # downloads


class JarsUnavailable(EngineError):
    """Kafka's jars are not in the cache and could not be fetched."""


def cache_folder() -> Path:
    """Where things that can be fetched again are kept: CLOSEDLOOP_CACHE, else the user's cache folder."""
    if chosen := os.environ.get("CLOSEDLOOP_CACHE"):
        return Path(chosen).absolute()
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "closedloop"


def cached_jars() -> list[Path]:
    """The jars as they are in the cache; empty when they were never fetched."""
    return sorted(_folder().glob("*.jar"))


def _folder() -> Path:
    """Named by its content as well, so that a changed list of jars is fetched anew."""
    content = hashlib.sha256("".join(jar.sha256 for jar in JARS).encode()).hexdigest()[:8]
    return cache_folder() / f"kafka-{KAFKA_VERSION}-{content}"


def kafka_jars(progress: Progress = lambda _: None) -> list[Path]:
    """The jars of one Kafka version, fetched (46 MB) when they are not in the cache. Raises JarsUnavailable."""
    if jars := cached_jars():
        return jars
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(cache / "fetching.lock"):
            return cached_jars() or _fetch(cache, progress)  # another process may have fetched them meanwhile
    except OSError as problem:  # requests' errors are OSErrors too
        raise JarsUnavailable(_what_to_do(cache, problem)) from problem
    except RuntimeError as problem:  # what jgo raises for an artifact it cannot find, or a checksum that differs
        raise JarsUnavailable(_what_to_do(cache, problem)) from problem


def _fetch(cache: Path, progress: Progress) -> list[Path]:
    # Imported here: jgo takes half a second, and is needed once in a machine's life.
    from jgo.maven import MavenContext  # noqa: PLC0415

    total, fetched = sum(jar.size for jar in JARS), 0
    progress(f"Fetching Kafka {KAFKA_VERSION}, this once: {total / 1e6:.0f} MB")
    # Into a scratch folder, moved into place at the end: a cache folder that exists is complete. jgo itself takes
    # half a file, left by a download that broke off, for the whole one.
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as scratch, ThreadPoolExecutor(_AT_ONCE) as pool:
        maven = MavenContext(repo_cache=Path(scratch, "repository"), timeout=60)
        complete = Path(scratch, "complete")
        complete.mkdir()
        pending = {pool.submit(_fetch_one, maven, jar, complete): jar for jar in JARS}
        try:
            for done in as_completed(pending):
                done.result()
                fetched += pending[done].size
                progress(f"Fetching Kafka {KAFKA_VERSION}, this once: {fetched / 1e6:.0f} of {total / 1e6:.0f} MB")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        complete.rename(_folder())
    return cached_jars()


def _fetch_one(maven: "MavenContext", jar: Jar, into: Path) -> None:
    file: Path = maven.project(jar.group, jar.name).at_version(jar.version).artifact().resolve()
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise JarsUnavailable(f"{file.name} is not what was tested: its SHA-256 is {found}, not {jar.sha256}.")
    file.rename(into / file.name)


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _what_to_do(cache: Path, problem: Exception) -> str:
    return (
        f"Kafka {KAFKA_VERSION} could not be fetched from Maven Central into {cache}: {problem}\n"
        "Check the network and start again, or set CLOSEDLOOP_KAFKA to the address of a Kafka of your own."
    )
