"""A service that does nothing but answer, to be attacked: `python -m tests.tiny_service PORT`.

/direct is a door's, /asgi a framework's; both take a body and say how many bytes it had.
"""

import sys
from typing import Any

import uvloop
from fastapi import Request

from shared.http.api import application
from shared.http.exchange import Exchange
from shared.http.health import Health
from shared.http.refusals import Answer, UnknownKey, answer_to
from shared.http.service import serve
from shared.settings import Settings

BODY_BYTES = 500_000


class Direct:
    """Answers /direct; a key other than `right` is refused before the body."""

    def has(self, path: bytes) -> bool:
        """Whether it is /direct."""
        return path == b"/direct"

    def open(self, exchange: Exchange, path: bytes) -> Answer | None:
        """Let in who has no key, or the right one."""
        if exchange.headers.get(b"x-write-key", b"right") != b"right":
            raise UnknownKey("Send the right key.")
        return None

    def take(self, exchange: Exchange, path: bytes) -> None:
        """Say how many bytes came."""
        exchange.answer(Answer(200, b'{"bytes":%d}' % len(exchange.body)))

    def refused(self, exchange: Exchange, path: bytes, error: Exception) -> Answer:
        """As everywhere."""
        return answer_to(error)


def main(port: int) -> None:
    """Serve until a signal, with bounds small enough to reach."""
    http = {
        "port": port, "idle_seconds": 1, "request_seconds": 1, "in_flight_bytes": 3_000_000, "connections": 150
    }  # fmt: skip
    settings = Settings.model_validate({"http": http})
    app = application("tiny", "", settings, Health())

    @app.post("/asgi")
    async def asgi(request: Request) -> dict[str, Any]:
        return {"bytes": len(await request.body())}

    uvloop.run(serve(app, settings, port, Health(), door=Direct(), body_bytes=BODY_BYTES))


if __name__ == "__main__":
    main(int(sys.argv[1]))
