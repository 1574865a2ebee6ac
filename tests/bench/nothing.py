"""The floor of everything over HTTP: a uvicorn application that does nothing, as a process of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import uvicorn

from tests.places import ROOT

_BODY = b'{"accepted":1,"rejected":[]}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_BODY))]


async def nothing(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer, whatever was asked, without looking at it."""
    await send({"type": "http.response.start", "status": 202, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


@contextmanager
def doing_nothing(port: int) -> Iterator[psutil.Process]:
    """Run it on `port`."""
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.nothing", str(port)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


if __name__ == "__main__":
    uvicorn.run(nothing, port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
