"""A FastAPI application as every service begins with: errors of one shape, guarding headers, /docs without a script."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared.http import docs, refusals
from shared.http.health import Health, health_routes, metrics_routes
from shared.http.keys import Grant, Kind, key_in
from shared.http.refusals import GUARDS, Answer, Malformed, Problem, Unprocessable, answer_to, refusal
from shared.http.throttle import Throttle
from shared.settings import Settings

BODY_BYTES = 64 * 1024
"""The most a request to a FastAPI route may bring; ways in for events have their own bound."""

_JSON = (b"content-type", b"application/json")
_NUL = "No name holds a NUL character."
_MEANING = {
    400: "cannot be read; `detail` says where",
    401: "no key, or one that no source has",
    403: "a key that may not do this",
    404: "there is nothing under that name",
    408: "the request did not come to its end in time",
    409: "it contradicts what stands; `detail` says what that is",
    413: "more bytes than a request may bring",
    422: "a field is wrong; `detail` names it",
    429: "too many wrong keys; see Retry-After",
    431: "more header bytes or lines than a request may have",
    503: "Kafka or PostgreSQL is away; nothing was stored; see Retry-After",
}
KEYED = (400, 401, 403, 408, 413, 422, 429, 431, 503)
"""How a route that needs a key can refuse."""


def application(title: str, description: str, settings: Settings, health: Health) -> FastAPI:
    """The application, with /docs and health, and with metrics unless there is a port of their own."""
    app = FastAPI(
        title=title,
        description=description,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=BODY_BYTES,
    )
    app.add_middleware(Guarded)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.include_router(health_routes(health))
    if settings.http.operations_port is None:
        app.include_router(metrics_routes())

    @app.get("/docs", include_in_schema=False)
    async def read_docs() -> Response:
        policy = {"content-security-policy": docs.CONTENT_POLICY.decode()}
        return HTMLResponse(docs.page(app.openapi()), headers=policy)

    return app


def operations(health: Health) -> FastAPI:
    """Health and metrics alone, for a port that the public does not reach."""
    app = FastAPI(title="closedloop operations", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guarded)
    app.add_exception_handler(HTTPException, _http_exception)
    app.include_router(health_routes(health))
    app.include_router(metrics_routes())
    return app


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for these refusals."""
    content = {"application/json": {"schema": msgspec.json.schema(Problem)["$defs"]["Problem"]}}
    return {status: {"description": _MEANING[status], "content": content} for status in statuses}


def granting(keys: Throttle, needs: Kind) -> Callable[..., Grant]:
    """A dependency: the grant of the request's key. Raises UnknownKey, WrongKind or TooFast."""
    described = Security(HTTPBearer(auto_error=False, scheme_name="bearer", description="a source's key"))

    def grant(request: Request, _: HTTPAuthorizationCredentials | None = described) -> Grant:
        return keys.open(key_in(request.headers.raw), needs, request.client.host if request.client else "")

    return grant


class Guarded:
    """ASGI middleware: every answer has the guarding headers, and every error becomes an answer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def guarded(message: dict[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": [*message.get("headers", ()), *GUARDS]}
            await send(message)

        try:
            if "\0" in scope["path"] or b"%00" in scope["query_string"]:
                raise refusals.NotFound(_NUL)
            await self._app(scope, receive, guarded)
        except ClientDisconnect:
            return  # nobody waits for an answer
        except Exception as error:
            if started:
                raise
            await send_answer(answer_to(error), guarded)


async def send_answer(answer: Answer, send: Any) -> None:
    """Send an answer by ASGI."""
    length = (b"content-length", b"%d" % len(answer.body))
    headers = [_JSON, length, *answer.headers] if answer.body else [*answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _http_exception(_: Request, error: Exception) -> Response:
    """What FastAPI itself refuses: an unknown path or method, a body too large."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    name = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    headers = tuple((key.lower().encode(), value.encode()) for key, value in (error.headers or {}).items())
    return _response(refusal(error.status_code, name, str(error.detail), headers))


async def _invalid(_: Request, error: Exception) -> Response:
    """What pydantic refuses."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    problems = [f"{'.'.join(str(part) for part in p['loc'][1:]) or p['loc'][0]}: {p['msg']}" for p in error.errors()]
    kind = Malformed if any(p["type"] == "json_invalid" for p in error.errors()) else Unprocessable
    return _response(answer_to(kind("; ".join(problems))))


def _response(answer: Answer) -> Response:
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers, "application/json")
