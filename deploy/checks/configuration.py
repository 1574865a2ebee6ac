"""Is the configuration right, in every section, before anything is started with it?"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.checks.finding import Finding, Situation
from services.attribution.config import read_attribution, read_channels
from services.lifecycle.config import read as read_lifecycle
from shared.errors import ConfigError
from shared.settings import Settings, UnsetVariables, file_in_use, load, read_document

SECTIONS: dict[str, Callable[[Settings, Path | None], object]] = {
    "lifecycle": read_lifecycle,
    "attribution": read_attribution,
    "channels": read_channels,
}
"""Sections that only one service reads, and how that service checks them."""


def problems(file: Path | None, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Everything that is wrong in the file and the environment, each as `file:line: key: what`; none: it works."""
    try:
        load(file, environment)
    except UnsetVariables as error:
        # Anything may stand for them while the rest is looked at; what is then said of them themselves is not true.
        others = problems(file, {**environment, **dict.fromkeys(error.names, "1")})
        return [*str(error).splitlines(), *(other for other in others if not other.startswith(tuple(error.told)))]
    except ConfigError:
        pass
    return _problems(file, environment)


def _problems(file: Path | None, environment: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    try:
        settings = load(file, environment)
    except ConfigError as error:
        found += str(error).splitlines()
        settings = Settings(**_sections(file, environment))
    for check in SECTIONS.values():
        try:
            check(settings, file)
        except ConfigError as error:
            found += str(error).splitlines()
    return list(dict.fromkeys(found))


def sections(situation: Situation) -> Iterator[Finding]:
    """Is every section right, those too that only a service reads?"""
    file = Path(situation.state.config) if situation.state and situation.state.config else file_in_use()
    found = problems(file)
    if not found:
        yield Finding("ok", "configuration", f"{file} works" if file else "the defaults, no file")
    for problem in found:
        yield Finding("fail", "configuration", problem)


def _sections(file: Path | None, environment: Mapping[str, str]) -> dict[str, Any]:
    """The sections as they stand in a file that has other problems, so that all are told at once."""
    try:
        tree = read_document(file, environment)[0] if file else {}
    except ConfigError:
        return {}
    return {name: tree[name] for name in SECTIONS if isinstance(tree.get(name), dict)}
