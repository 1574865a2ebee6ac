"""Deliver items to ingest in batches, until each is acknowledged or rejected. Ids make a repeated batch harmless."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import httpx
import msgspec

from cli.importing.problem import Problem
from shared.command import CLOSEDLOOP
from shared.errors import ClosedloopError

MOST_ITEMS = 1000
MOST_BYTES = 400_000  # ingest takes 2,500 items and 500 KB; half-full batches keep its answers quick
ITEM_BYTES = 32_768
PATIENCE = 180.0  # seconds without one success until a batch is given up; a restart of Kafka takes less
_LONGEST_PAUSE = 10.0
_LATER = {429, 502, 503, 504}


class SendingFailed(ClosedloopError):
    """The service refused, or stayed away; what was acknowledged before is safe, and running again sends the rest."""


class Refused(NamedTuple):
    """An item that ingest rejected: its place in the batch that was given, and what is wrong with it."""

    place: int
    problems: tuple[Problem, ...]


class Receiver:
    """One path of a running ingest. `name` is the list's in the envelope, `key` a write or a secret key."""

    def __init__(self, http: httpx.AsyncClient, url: str, path: str, key: str) -> None:
        self._http = http
        self._url = url.rstrip("/") + path
        self._opening = f'{{"{path.rsplit("/", 1)[1].replace("-", "_")}":['.encode()
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    async def send(self, items: Sequence[bytes]) -> list[Refused]:
        """Deliver encoded items; returns the ones that cannot be used. Raises SendingFailed."""
        response = await self._post(items)
        if response.status_code == 413 and len(items) > 1:
            half = len(items) // 2
            first = await self.send(items[:half])
            return first + [Refused(half + place, problems) for place, problems in await self.send(items[half:])]
        if response.status_code == 413:
            return [Refused(0, (Problem("$", f"is {len(items[0]):,} bytes; the most is {ITEM_BYTES:,}"),))]
        if response.status_code >= 300:
            raise SendingFailed(_why(response, self._url))
        outcome = response.json()
        return [_refused(entry["index"], entry) for entry in outcome.get("rejected", [])] + [
            _refused(index, entry) for entry in outcome.get("more", []) for index in entry["indexes"]
        ]

    async def _post(self, items: Sequence[bytes]) -> httpx.Response:
        body = self._opening + b",".join(items) + b"]}"
        give_up_at = time.monotonic() + PATIENCE
        pause = 0.25
        while True:
            try:
                response = await self._http.post(self._url, content=body, headers=self._headers)
                if response.status_code not in _LATER:
                    return response
                problem = f"it answers {response.status_code}"
                pause = _retry_after(response) or pause
            except httpx.TransportError as error:
                problem = f"it does not answer ({error or type(error).__name__})"
            if time.monotonic() + pause > give_up_at:
                raise SendingFailed(
                    f"{self._url}: {problem}, for {PATIENCE:.0f} s. What it acknowledged is safe; running this again "
                    f"sends the rest and counts nothing twice. `{CLOSEDLOOP} status` shows what is up."
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait as the service asks, within reason; None when it does not say."""
    try:
        return min(max(float(response.headers["Retry-After"]), 0.05), _LONGEST_PAUSE)
    except (KeyError, ValueError):
        return None


def _why(response: httpx.Response, url: str) -> str:
    if response.status_code == 401:
        return f"{url}: the key is not known there. Give one with --key, or run this where `{CLOSEDLOOP} up` runs."
    if response.status_code == 403:
        return f"{url}: this key may not send this: touchpoints take a write key, all else a secret key (--key)."
    return f"{url} answered {response.status_code}: {response.text[:500]}"


def _refused(place: int, entry: dict[str, Any]) -> Refused:
    problems = tuple(Problem(error.get("path", "$"), error.get("message", "")) for error in entry.get("errors", []))
    return Refused(place, problems)


def batches(items: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Items in batches that ingest takes."""
    batch: list[bytes] = []
    size = 0
    for item in items:
        if batch and not fits(len(batch), size, item):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += len(item) + 1
    if batch:
        yield batch


def encoded(item: dict[str, Any]) -> bytes:
    """An item as it travels."""
    return msgspec.json.encode(item)


def fits(count: int, size: int, item: bytes) -> bool:
    """Whether `item` may join a batch of `count` items and `size` bytes."""
    return count < MOST_ITEMS and size + len(item) + 1 <= MOST_BYTES
