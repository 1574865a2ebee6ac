"""Ask a running service over HTTP."""

from pathlib import Path
from typing import Any

import httpx

from cli.running import settings_of_running
from deploy.supervise.folder import DataFolder
from deploy.supervise.services import keys_to_use, urls
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError


class NoAnswer(ClosedloopError):
    """The service does not answer, or not with what was asked for."""


def ask(service: str, path: str, data: Path | None, config: Path | None) -> dict[str, Any]:
    """The JSON that a service answers for `path`. Raises NoAnswer with what it said instead."""
    settings, state = settings_of_running(data, config=config)
    url = (state.http if state else urls(settings))[service] + path
    key = keys_to_use(settings, DataFolder(settings.data)).secret_key
    if key is None:
        raise NoAnswer("no source in the configuration has a secret_key, which this needs; give one of them one")
    try:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise NoAnswer(f"{url} does not answer ({error or type(error).__name__}): `{CLOSEDLOOP} status`") from error
    if answer.status_code != 200:
        raise NoAnswer(str(body.get("detail", body)) if isinstance(body, dict) else str(body))
    found: dict[str, Any] = body
    return found
