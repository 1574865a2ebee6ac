"""The ASGI application: the routes that take events in answer by themselves, all others go to FastAPI."""

from typing import Any

from fastapi import FastAPI

from services.ingest import metrics
from services.ingest.http.body import Disconnected
from services.ingest.http.intake import Intake
from services.ingest.http.routes import ROUTES, Route
from services.ingest.openapi import describe
from shared.http.api import application, send_answer
from shared.http.health import Health
from shared.http.refusals import GUARDS, Answer, MethodNotAllowed, answer_to
from shared.kafka.producer import Producer
from shared.settings import Settings

_ANY_ORIGIN = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"Retry-After"))
_PREFLIGHT = (
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Content-Encoding, X-Retry-Count, X-Write-Key"),
    (b"access-control-max-age", b"86400"),
)


class App:
    """ASGI. Browsers may send to whatever takes a write key from any page: that key is public."""

    def __init__(self, intake: Intake, rest: FastAPI) -> None:
        self._take = intake.take
        self._rest = rest
        self._routes = {route.path: route for route in ROUTES}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        route = self._routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self._rest(scope, receive, send)
            return
        try:
            if scope["method"] == "POST":
                address = scope["client"][0] if scope["client"] else ""
                answer = await self._take(route, scope["headers"], receive, address)
            else:
                answer = _without_body(route, scope["method"])
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes an answer, in one table
            answer = answer_to(error)
        metrics.REQUESTS.count(1, route.path, answer.status)
        headers = (*answer.headers, *GUARDS)
        if not route.secret and any(name == b"origin" for name, _ in scope["headers"]):
            headers += _ANY_ORIGIN
        await send_answer(Answer(answer.status, answer.body, headers), send)


def _without_body(route: Route, method: str) -> Answer:
    if method == "OPTIONS" and not route.secret:
        return Answer(204, b"", _PREFLIGHT)
    raise MethodNotAllowed("POST" if route.secret else "POST, OPTIONS")


def create(settings: Settings, producer: Producer, health: Health) -> App:
    """The application."""
    rest = application("closedloop ingest", "Events in, durable before the answer.", settings, health)
    describe(rest, ROUTES)
    return App(Intake(settings, producer, ROUTES), rest)
