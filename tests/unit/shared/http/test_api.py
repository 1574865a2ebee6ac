"""The shell that all services share, asked by ASGI: every refusal has one shape, and every answer its guards."""

from typing import Annotated

import asyncpg
import httpx
import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel

from shared.errors import Unavailable
from shared.http.api import application, granting, operations
from shared.http.health import Health
from shared.http.keys import Grant
from shared.http.refusals import Conflict, NotFound
from shared.http.throttle import Throttle
from shared.settings import Settings, Source

SOURCE = Source.model_validate({"name": "site", "write_key": "w", "read_key": "r", "secret_key": "s"})
RAISES: dict[str, Exception] = {
    "not-found": NotFound("no such thing"),
    "conflict": Conflict("it is so already", retry_after=7),
    "kafka-away": Unavailable("Kafka does not answer"),
    "postgres-away": ConnectionRefusedError(111, "refused"),
    "postgres-shuts-down": asyncpg.AdminShutdownError("bye"),
    "mistake": ZeroDivisionError("secret detail"),
}


class Body(BaseModel):
    number: int


def _app() -> FastAPI:
    settings = Settings(sources=(SOURCE,))
    app = application("test", "a service", settings, Health())
    keys = Throttle(settings)

    @app.get("/raise/{name}")
    async def raises(name: str) -> None:
        raise RAISES[name]

    @app.post("/body")
    async def body(body: Body, grant: Annotated[Grant, Depends(granting(keys, "secret"))]) -> str:
        return grant.source

    return app


@pytest.fixture
def http() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(_app()), base_url="http://test")


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/raise/%00", 404, "not_found"),
        ("GET", "/nowhere?a=%00", 404, "not_found"),
        ("DELETE", "/body", 405, "method_not_allowed"),
        ("GET", "/raise/not-found", 404, "not_found"),
        ("GET", "/raise/conflict", 409, "conflict"),
        ("GET", "/raise/kafka-away", 503, "unavailable"),
        ("GET", "/raise/postgres-away", 503, "unavailable"),
        ("GET", "/raise/postgres-shuts-down", 503, "unavailable"),
        ("GET", "/raise/mistake", 500, "internal"),
        ("POST", "/body", 401, "unknown_key"),
    ],
)
async def test_every_refusal_has_the_same_shape_and_every_answer_its_guards(
    method: str, path: str, status: int, error: str, http: httpx.AsyncClient
) -> None:
    answer = await http.request(method, path, json={"number": 1} if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json().keys() == {"error", "detail"}
    assert "secret detail" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503 or error == "conflict")
    for name in ("x-content-type-options", "x-frame-options", "referrer-policy", "cache-control"):
        assert name in answer.headers


@pytest.mark.parametrize(
    ("content", "key", "status", "says"),
    [
        (b'{"number": 1}', "s", 200, "site"),
        (b'{"number": 1}', "w", 403, "secret key"),
        (b'{"number": 1}', "r", 403, "secret key"),
        (b'{"number": 1}', "x", 401, "No source has this key"),
        (b'{"number": "x"}', "s", 422, "number"),
        (b"{", "s", 400, "JSON"),
        (b"", "s", 422, "body"),
        (b'{"number": 1' + b" " * 70_000 + b"}", "s", 413, ""),
    ],
)
async def test_a_body_and_its_key_are_checked_in_one_way(
    content: bytes, key: str, status: int, says: str, http: httpx.AsyncClient
) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = await http.post("/body", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert says in answer.text


async def test_the_docs_page_loads_nothing_from_anywhere(http: httpx.AsyncClient) -> None:
    answer = await http.get("/docs")
    assert answer.status_code == 200
    assert "/raise/{name}" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for outside in ("<script", "src=", "http://", "https://", "@import", "url("):
        assert outside not in answer.text


async def test_metrics_leave_the_public_port_when_operations_have_their_own(http: httpx.AsyncClient) -> None:
    assert (await http.get("/metrics")).status_code == 200
    settings = Settings.model_validate({"http": {"operations_port": 9090}})
    for app, metrics in ((application("t", "", settings, Health()), 404), (operations(Health()), 200)):
        apart = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
        assert (await apart.get("/metrics")).status_code == metrics
        assert (await apart.get("/health/live")).status_code == 200
        assert (await apart.get("/health/ready")).status_code == 200
