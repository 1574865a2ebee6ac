"""Kafka's jars: fetched from Maven once with `jgo`, then used from the user's cache without the network.

jgo keeps half a file when a download breaks off, and takes it for the whole one the next time. So everything is
fetched into a scratch folder and moved into place at the end: a cache folder that exists is complete.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import EngineError

KAFKA_VERSION = "4.3.0"
# kafka_2.13 logs through slf4j; slf4j-simple sends that to stderr, so to our log file.
_COORDINATES = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:2.0.17"

Progress = Callable[[str], None]  # is told in a few words what is being done now


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
    return sorted((cache_folder() / f"kafka-{KAFKA_VERSION}").glob("*.jar"))


def kafka_jars(progress: Progress = lambda _: None) -> list[Path]:
    """The jars of one Kafka version, fetched (45 MB) when they are not in the cache. Raises JarsUnavailable."""
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
    from jgo.env import EnvironmentBuilder, LinkStrategy  # noqa: PLC0415
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415

    fetched = 0.0  # MB

    @contextmanager
    def report(name: str, size: int) -> Iterator[Callable[[int], None]]:
        nonlocal fetched
        yield lambda _: None
        fetched += size / 1e6
        progress(f"Fetching Kafka {KAFKA_VERSION}, this once: {fetched:.0f} of about 46 MB ({name})")

    progress(f"Fetching Kafka {KAFKA_VERSION}, this once: asking which jars it needs")
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as scratch:
        context = MavenContext(
            resolver=PythonResolver(progress_callback=report), repo_cache=Path(scratch, "repository"), timeout=60
        )
        builder = EnvironmentBuilder(context, Path(scratch, "environments"), LinkStrategy.HARD)
        complete = Path(scratch, "complete")
        complete.mkdir()
        for jar in builder.from_endpoint(_COORDINATES).all_jars:
            shutil.move(jar, complete / jar.name)
        complete.rename(cache / f"kafka-{KAFKA_VERSION}")
    return cached_jars()


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
