"""The ASGI application: the routes that take events in answer by themselves, all others go to FastAPI."""

from typing import Any

from fastapi import FastAPI

from services.ingest import metrics
from services.ingest.http.body import Disconnected
from services.ingest.http.intake import Intake
from services.ingest.http.refusals import Answer, answer_to, method_not_allowed
from services.ingest.http.routes import ROUTES, Route
from services.ingest.openapi import describe
from shared.http.service import Health, health_routes
from shared.kafka.producer import Producer
from shared.settings import Settings

_JSON = (b"content-type", b"application/json")
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
                answer = await self._take(route, scope["headers"], receive)
            else:
                answer = _without_body(route, scope["method"])
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes an answer, in one table
            answer = answer_to(error)
        metrics.REQUESTS.count(1, route.path, answer.status)
        headers = [*answer.headers]
        if answer.body:
            headers += (_JSON, (b"content-length", b"%d" % len(answer.body)))
        # Each header costs uvicorn as much as decoding a third of an event: only those that somebody reads.
        if not route.secret and any(name == b"origin" for name, _ in scope["headers"]):
            headers += _ANY_ORIGIN
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _without_body(route: Route, method: str) -> Answer:
    if method == "OPTIONS" and not route.secret:
        return Answer(204, b"", _PREFLIGHT)
    return method_not_allowed(b"POST" if route.secret else b"POST, OPTIONS")


def create(settings: Settings, producer: Producer, health: Health) -> App:
    """The application."""
    rest = FastAPI(title="closedloop ingest", description="Events in, durable before the answer.")
    rest.include_router(health_routes(health))
    describe(rest, ROUTES)
    return App(Intake(settings, producer, ROUTES), rest)
