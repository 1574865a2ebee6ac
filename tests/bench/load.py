"""An HTTP/1.1 client that costs little: requests are made beforehand, answers are only counted.

A closed loop keeps `connections` requests under way; an open loop sends on a schedule, whatever the answers do.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answers:
    """What came back."""

    seconds: float = 0.0
    ok: int = 0
    failed: int = 0
    first_failure: str = ""
    latencies: list[float] = field(default_factory=list)


def request(path: str, body: bytes, key: str, secret: bool = False) -> bytes:
    """The bytes of one POST."""
    auth = f"Authorization: Bearer {key}" if secret else f"X-Write-Key: {key}"
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\n{auth}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answered: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: Any) -> None:
        """Keep the transport (uvloop's own, which is no asyncio.Transport by type)."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Complete the request under way once its whole answer is here."""
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        at = self._buffer.lower().find(b"content-length:", 0, head_end)
        length = int(self._buffer[at + 15 : self._buffer.find(b"\r\n", at)]) if at >= 0 else 0
        if len(self._buffer) >= head_end + 4 + length and self._answered is not None:
            answer, self._buffer = self._buffer, b""
            self._answered.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request under way."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionResetError("the server closed the connection"))

    async def ask(self, raw: bytes) -> bytes:
        """Send one request; the whole answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(raw)
        return await self._answered


def _count(answers: Answers, answer: bytes) -> None:
    if answer[9:12] in (b"200", b"202") and b'"rejected":[{' not in answer:
        answers.ok += 1
    else:
        answers.failed += 1
        answers.first_failure = answers.first_failure or answer[:400].decode(errors="replace")


async def closed_loop(port: int, requests: Sequence[bytes], connections: int) -> Answers:
    """Send every request, `connections` at a time, as fast as they are answered."""
    loop = asyncio.get_running_loop()
    answers, rest = Answers(), iter(requests)

    async def work() -> None:
        _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
        for raw in rest:
            _count(answers, await connection.ask(raw))
        connection.transport.close()

    began = time.monotonic()
    await asyncio.gather(*(work() for _ in range(connections)))
    answers.seconds = time.monotonic() - began
    return answers


async def open_loop(
    port: int, requests: Sequence[bytes], per_second: float, sent: list[float]
) -> tuple[Answers, list[float]]:
    """Send requests on a schedule; the moments (time.monotonic) each was sent go to `sent` as they come, and the
    moments each was acknowledged are returned."""
    loop = asyncio.get_running_loop()
    answers, acknowledged = Answers(), [0.0] * len(requests)
    idle: list[Connection] = []

    async def one(index: int) -> None:
        connection = idle.pop() if idle else None
        if connection is None or connection.transport.is_closing():  # the server ends what was idle for seconds
            _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
        _count(answers, await connection.ask(requests[index]))
        acknowledged[index] = time.monotonic()
        idle.append(connection)

    began, tasks = time.monotonic(), []
    for index in range(len(requests)):
        await asyncio.sleep(max(0.0, began + index / per_second - time.monotonic()))
        sent.append(time.monotonic())
        tasks.append(asyncio.create_task(one(index)))
    await asyncio.gather(*tasks)
    answers.seconds = time.monotonic() - began
    for connection in idle:
        connection.transport.close()
    return answers, acknowledged
