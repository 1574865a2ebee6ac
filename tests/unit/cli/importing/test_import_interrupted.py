"""An import that is interrupted says how far it came and how to go on."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

TOOK_ONE = Event()


class _TakesOneBatch(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        count = self.rfile.read(int(self.headers["Content-Length"])).count(b'"id"')
        if TOOK_ONE.is_set():
            time.sleep(30)  # the second batch is never answered
            return
        body = f'{{"accepted": {count}, "rejected": []}}'.encode()
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        TOOK_ONE.set()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _TakesOneBatch)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """A shell that runs the tests in the background makes them, and all they start, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_says_how_far_it_came_and_how_to_go_on(tmp_path: Path, url: str) -> None:
    file = tmp_path / "deals.csv"
    rows = (f"d{n},won,10,USD,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z" for n in range(2500))
    file.write_text("id,status,amount,currency,created_at,closed_at,updated_at\n" + "\n".join(rows) + "\n")
    closedloop = Path(sys.executable).with_name("closedloop")
    importing = subprocess.Popen(
        [closedloop, "import", "deals", "deals.csv", "--url", url, "--key", "k"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with importing:
        assert TOOK_ONE.wait(30)
        time.sleep(0.5)
        importing.send_signal(signal.SIGINT)
        try:
            _, said = importing.communicate(timeout=20)
        finally:
            importing.kill()
    assert importing.returncode == 130
    assert "Traceback" not in said
    assert said.startswith("Interrupted at 39 % of deals.csv")
    assert "deals: 1,000 taken. The same command again goes on" in said
