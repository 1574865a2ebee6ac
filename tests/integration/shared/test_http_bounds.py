"""A service attacked over raw sockets: no sender gets more of it than a request may have, in bytes, lines and time.

Needs no engine: tests/tiny_service.py answers, by a door and by a framework.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import psutil
import pytest

from deploy.embedded.ports import is_free
from tests.places import ROOT

BODY = b'{"id": "1"}'
PATHS = (b"/direct", b"/asgi")
SECONDS = 1.0
"""Idle, and for a whole request, as tiny_service has it."""


class Service(NamedTuple):
    port: int
    pid: int

    def rss(self) -> int:
        """Bytes of memory."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def connect(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def ask(self, raw: bytes) -> bytes:
        """What comes back until the answer is whole or the connection ends."""
        with self.connect() as sock:
            with contextlib.suppress(OSError):
                sock.sendall(raw)
            return _read(sock)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    port = next(p for p in range(19_100, 19_900) if is_free(p))
    process = subprocess.Popen([sys.executable, "-m", "tests.tiny_service", str(port)], cwd=ROOT)
    deadline = time.monotonic() + 30
    while is_free(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    yield Service(port, process.pid)
    process.terminate()
    assert process.wait(timeout=30) == 0


def _read(sock: socket.socket) -> bytes:
    answer = b""
    with contextlib.suppress(OSError):
        while chunk := sock.recv(65536):
            answer += chunk
            head, found, body = answer.partition(b"\r\n\r\n")
            length = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b":0")
            if found and len(body) >= int(length.partition(b":")[2]):
                break
    return answer


def _head(path: bytes, extra: bytes = b"", length: int = len(BODY)) -> bytes:
    return b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s" % (path, length, extra)


def _whole(path: bytes, extra: bytes = b"") -> bytes:
    return _head(path, extra) + b"\r\n" + BODY


@pytest.mark.parametrize("path", PATHS)
def test_headers_of_16_kb_and_100_lines_pass_and_one_more_does_not(path: bytes, service: Service) -> None:
    empty = len(_head(path, b"X-Long: \r\n\r\n"))
    for over, status in ((0, b" 200 "), (1, b" 431 ")):
        long = b"X-Long: " + b"y" * (16 * 1024 - empty + over) + b"\r\n"
        assert status in service.ask(_whole(path, long))[:20]
    lines = _head(path).count(b"\r\n") - 1
    for count, status in ((100, b" 200 "), (101, b" 431 ")):
        many = b"".join(b"X-%d: y\r\n" % n for n in range(count - lines))
        assert status in service.ask(_whole(path, many))[:20]


@pytest.mark.parametrize("path", PATHS)
def test_200_mb_of_headers_are_cut_off_without_growing_or_freezing_the_service(path: bytes, service: Service) -> None:
    before, slowest = service.rss(), 0.0
    for line in (b"X-Long: " + b"y" * 1_000_000, b"X-Short: y\r\n" * 80_000, b"y" * 1_000_000):
        with service.connect() as sock, contextlib.suppress(OSError):
            sock.sendall(_head(path))
            for _ in range(200):
                sock.sendall(line)
        began = time.monotonic()
        assert b" 200 " in service.ask(_whole(path))[:20]
        slowest = max(slowest, time.monotonic() - began)
    assert service.rss() - before < 10_000_000
    assert slowest < 1


@pytest.mark.parametrize("path", PATHS)
def test_200_mb_behind_or_between_a_body_are_cut_off_as_well(path: bytes, service: Service) -> None:
    before = service.rss()
    for endless in (b"0\r\nX-Trailer: " + b"y" * 1_000_000, b"1\r\ny\r\n" * 200_000, b"1;" + b"y" * 1_000_000):
        with service.connect() as sock, contextlib.suppress(OSError):
            sock.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % path)
            for _ in range(200):
                sock.sendall(endless)
    assert service.rss() - before < 10_000_000
    assert b" 200 " in service.ask(_whole(path))[:20]


def test_100_idle_connections_are_closed_whether_they_asked_before_or_never(service: Service) -> None:
    held = [service.connect() for _ in range(100)]
    for sock, path in zip(held[:60], PATHS * 30, strict=True):
        sock.sendall(_whole(path))
        assert b" 200 " in _read(sock)[:20]
    time.sleep(SECONDS + 1)
    for sock in held:
        sock.settimeout(2)
        assert sock.recv(100) == b"", "the service must have closed it"
        sock.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("part", ["headers", "body"])
async def test_a_request_that_comes_drop_by_drop_is_cut_off(path: bytes, part: str, service: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(_head(path, b"X-Slow: " if part == "headers" else b"\r\n", length=1000))
    began = time.monotonic()
    answered = asyncio.create_task(reader.read())
    while not answered.done() and time.monotonic() - began < 10:
        with contextlib.suppress(OSError):
            writer.write(b"x")
            await writer.drain()
        await asyncio.sleep(0.05)
    assert b" 408 " in (await answered)[:20]
    assert SECONDS - 0.1 < time.monotonic() - began < SECONDS + 4
    writer.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_body_larger_than_may_be_is_refused_by_its_announced_length_alone(path: bytes, service: Service) -> None:
    with service.connect() as sock:
        sock.sendall(_head(path, b"\r\n", length=500_001))
        assert b" 413 " in _read(sock)[:20]


def test_a_body_of_unknown_length_is_cut_off_where_it_is_too_large(service: Service) -> None:
    chunk = b"61A8\r\n" + b" " * 25_000 + b"\r\n"
    start = b"POST /direct HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b'{"bytes":500000}' in service.ask(start + chunk * 20 + b"0\r\n\r\n")
    assert b" 413 " in service.ask(start + chunk * 20 + b"1\r\n \r\n0\r\n\r\n")[:20]


def test_what_a_door_refuses_by_the_headers_is_refused_before_the_body_comes(service: Service) -> None:
    with service.connect() as sock:
        sock.sendall(_head(b"/direct", b"X-Write-Key: wrong\r\n\r\n", length=400_000))
        assert b" 401 " in _read(sock)[:20]


@pytest.mark.parametrize("path", PATHS)
def test_bodies_of_all_requests_together_are_bounded(path: bytes, service: Service) -> None:
    """3 MB are allowed here: of ten halves of a megabyte, unfinished, six fit. A framework holds 64 KB of each."""
    size = 490_000 if path == b"/direct" else 64_000
    held = []
    for _ in range(3_000_000 // size + 4):
        sock = service.connect()
        sock.sendall(_head(path, b"\r\n", length=size + 1) + b" " * size)
        held.append(sock)
    time.sleep(0.3)
    refused = 0
    for sock in held:
        sock.settimeout(0.1)
        refused += b" 503 " in _read(sock)[:20]
    assert refused == 4
    for sock in held:
        sock.close()
    time.sleep(0.3)
    assert b" 200 " in service.ask(_whole(path))[:20], "what was given up is given back"


def test_more_connections_than_allowed_are_told_to_come_again(service: Service) -> None:
    held = [service.connect() for _ in range(150)]
    with service.connect() as sock:
        answer = _read(sock)
    assert b" 503 " in answer[:20] and b"retry-after" in answer
    for sock in held:
        sock.close()
    time.sleep(0.3)
    assert b" 200 " in service.ask(_whole(b"/direct"))[:20]


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET", b"GET /\x00 HTTP/1.1", b"GET x HTTP/1.1"])
def test_what_is_no_http_is_told_in_the_shape_of_every_refusal(garbage: bytes, service: Service) -> None:
    answer = service.ask(garbage + b"\r\n\r\n")
    assert b" 400 " in answer[:20]
    assert b'{"error":"malformed","detail":' in answer


def test_requests_sent_without_waiting_are_answered_in_their_order(service: Service) -> None:
    sizes = [3, 60_000, 1, 65_536, 400_000, 0]
    requests = [_head(PATHS[n % 2], b"\r\n", length=size) + b"x" * size for n, size in enumerate(sizes)]
    with service.connect() as sock:
        sock.sendall(b"".join(requests))
        sock.settimeout(5)
        answer = b""
        while answer.count(b"}") < len(sizes):
            chunk = sock.recv(65536)
            assert chunk, answer
            answer += chunk
    found = [int(part.split(b'"bytes":')[1].split(b"}")[0]) for part in answer.split(b"HTTP/1.1 200")[1:]]
    assert found == sizes


@pytest.mark.parametrize("path", PATHS)
def test_one_connection_serves_many_requests_and_ends_when_asked(path: bytes, service: Service) -> None:
    with service.connect() as sock:
        for _ in range(5):
            sock.sendall(_whole(path))
            assert b" 200 " in _read(sock)[:20]
        sock.sendall(_whole(path, b"Connection: close\r\n"))
        answer = _read(sock)
        assert b"connection: close" in answer
        assert sock.recv(10) == b""
        for name in (b"date: ", b"x-content-type-options: nosniff"):
            assert name in answer


@pytest.mark.parametrize("path", PATHS)
def test_a_sender_that_asks_whether_to_go_on_is_told_to(path: bytes, service: Service) -> None:
    with service.connect() as sock:
        sock.sendall(_head(path, b"Expect: 100-continue\r\n\r\n"))
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(BODY)
        assert b" 200 " in _read(sock)[:20]
