"""How a service's process begins and ends: settings, logs, its work, and an exit code that says what would help.

    0    it was told to stop
    1    it failed: starting it again may help
    75   it stopped so that a person looks (most records were bad): starting it again helps slowly
    78   the configuration, a right or the version is wrong: starting it again does not help

75 and 78 are EX_TEMPFAIL and EX_CONFIG of sysexits.h, which process managers know.
"""

import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from shared import logging
from shared.errors import ClosedloopError, ConfigError, EngineError, TooManyBadRecords
from shared.settings import Settings, file_in_use, load

FAILED, LOOK_FIRST, WRONG = 1, 75, 78


def exit_code(problem: BaseException) -> int:
    """The exit code for what ended a process."""
    if isinstance(problem, TooManyBadRecords):
        return LOOK_FIRST
    if isinstance(problem, ConfigError | EngineError):
        return WRONG
    return FAILED


def run_service(name: str, run: Callable[[Settings, Path | None], Coroutine[Any, Any, None]]) -> int:
    """Run a service until it ends; the exit code. What a person can mend is said in one sentence on standard error.

    `run` is given the settings and the file they are from, so that it can name a line of it.
    """
    try:
        file = file_in_use()
        settings = load(file)
        logging.configure(name, settings.log_level)
        uvloop.run(run(settings, file))
    except BaseExceptionGroup as group:
        problems = _on_purpose(group)
        if not problems:
            raise
        return _said(name, problems[0])
    except ClosedloopError as problem:
        return _said(name, problem)
    return 0


def _said(name: str, problem: Exception) -> int:
    sys.stderr.write(f"{name}: {problem}\n")
    return exit_code(problem)


def _on_purpose(group: BaseExceptionGroup[BaseException]) -> list[ClosedloopError]:
    """The errors in the group that a person can mend; none when there is any other error in it."""
    inner = [
        found
        for error in group.exceptions
        for found in (_on_purpose(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
    mendable = [error for error in inner if isinstance(error, ClosedloopError)]
    return mendable if len(mendable) == len(inner) else []
