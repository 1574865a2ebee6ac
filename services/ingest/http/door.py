"""The door for events: which route a request takes, whose key it has, and what becomes of an error.

With the headers: method, key, encoding; what is wrong there is told before a body comes. With the body: see `intake`.
Browsers may send to whatever takes a write key from any page: that key is public.
"""

from dataclasses import dataclass

from services.ingest import metrics
from services.ingest.http.body import is_packed, unpacked
from services.ingest.http.intake import Intake
from services.ingest.http.routes import Route
from shared.http.exchange import Exchange
from shared.http.keys import Grant, Kind, key_of
from shared.http.refusals import Answer, MethodNotAllowed, Refused, answer_to
from shared.http.throttle import Throttle
from shared.settings import Settings

_ANY_ORIGIN = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"Retry-After"))
_PREFLIGHT = (
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Content-Encoding, X-Retry-Count, X-Write-Key"),
    (b"access-control-max-age", b"86400"),
)


@dataclass(slots=True)
class Visit:
    """What the headers of a request said. Without a grant the key is to be in the body."""

    route: Route
    grant: Grant | None
    packed: bool


class EventDoor:
    """Answers the routes that take events (see `shared.http.exchange.Door`)."""

    def __init__(self, settings: Settings, intake: Intake, routes: tuple[Route, ...]) -> None:
        self._keys = Throttle(settings)
        self._intake = intake
        self._routes = {route.path.encode(): route for route in routes}

    def has(self, path: bytes) -> bool:
        """Whether a route has this path."""
        return path in self._routes

    def open(self, exchange: Exchange, path: bytes) -> Answer | None:
        """Refuse what the headers show to be wrong; answer a browser that asks first."""
        route, headers = self._routes[path], exchange.headers
        if exchange.method != b"POST":
            return self._without_body(route, exchange)
        key = headers.get(b"x-write-key")
        if (authorization := headers.get(b"authorization")) is not None:
            key = key_of(authorization)
        grant = None
        if key is not None or route.secret:  # the body of a route for secret keys holds no key: it need not be read
            grant = self._keys.open(key, _needs(route), exchange.address)
        encoding = headers.get(b"content-encoding")
        exchange.context = Visit(route, grant, encoding is not None and is_packed(encoding))
        return None

    def take(self, exchange: Exchange, path: bytes) -> None:
        """Take the events of the body in; the answer follows when Kafka has them."""
        visit: Visit = exchange.context
        route = visit.route
        body = unpacked(exchange.body) if visit.packed else exchange.body
        found = route.reader.read(body)
        if visit.grant is None:
            key = (found.write_key or "").encode()
            visit.grant = self._keys.open(key, _needs(route), exchange.address)

        def stored(answer: Answer | Exception) -> None:
            if isinstance(answer, Exception):
                exchange.answer(self.refused(exchange, path, answer))
            else:
                exchange.answer(self._counted(route, exchange, answer))

        self._intake.take(route, visit.grant, body, found, stored)

    def refused(self, exchange: Exchange, path: bytes, error: Exception) -> Answer:
        """The answer to an error, counted by source when the source is known."""
        visit: Visit | None = exchange.context
        if isinstance(error, Refused):
            grant = visit.grant if visit is not None else None
            metrics.REFUSED.count(1, grant.source if grant is not None else "unknown", error.status)
        return self._counted(self._routes[path], exchange, answer_to(error))

    def _without_body(self, route: Route, exchange: Exchange) -> Answer:
        if exchange.method == b"OPTIONS" and not route.secret:
            return self._counted(route, exchange, Answer(204, b"", _PREFLIGHT))
        raise MethodNotAllowed("POST" if route.secret else "POST, OPTIONS")

    def _counted(self, route: Route, exchange: Exchange, answer: Answer) -> Answer:
        metrics.REQUESTS.count(1, route.path, answer.status)
        if route.secret or b"origin" not in exchange.headers:
            return answer
        return Answer(answer.status, answer.body, (*answer.headers, *_ANY_ORIGIN))


def _needs(route: Route) -> Kind:
    return "secret" if route.secret else "write"
