"""The OpenAPI description of the routes that FastAPI does not serve, from the Structs they decode."""

from typing import Any

import msgspec
from fastapi import FastAPI

from services.ingest.http.answer import Outcome
from services.ingest.http.routes import Route

_REF = "#/components/schemas/{name}"
_ERRORS = {
    400: "not JSON of this kind; `detail` says where",
    401: "no key, or one that no source has",
    413: "more than 32 KB an event, 500 KB or 2,500 events a batch",
    415: "a Content-Encoding other than gzip",
    429: "more events than the source may send; see Retry-After",
    503: "nothing is promised to be stored; see Retry-After",
}


class Success(msgspec.Struct):
    """Segment's answer."""

    success: bool


class Error(msgspec.Struct):
    """Why a whole request was refused, and what to do."""

    error: str
    detail: str


def describe(app: FastAPI, routes: tuple[Route, ...]) -> None:
    """Add the routes to what `app.openapi()` returns."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = original()
            structs = [*dict.fromkeys(route.reader.wire for route in routes), Outcome, Success, Error]
            references, components = msgspec.json.schema_components(structs, ref_template=_REF)
            parts = schema.setdefault("components", {})
            parts.setdefault("schemas", {}).update(components)
            parts["securitySchemes"] = _SECURITY
            named = dict(zip(structs, references, strict=True))
            schema["paths"].update({route.path: {"post": _operation(route, named)} for route in routes})
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


_SECURITY = {
    "write_key_basic": {"type": "http", "scheme": "basic", "description": "the write key as user, no password"},
    "write_key": {"type": "apiKey", "in": "header", "name": "X-Write-Key"},
    "secret_key": {"type": "http", "scheme": "bearer"},
}


def _operation(route: Route, named: dict[Any, Any]) -> dict[str, Any]:
    one = named[route.reader.wire]
    plural = route.reader.plural
    many = {"type": "object", "required": [plural], "properties": {plural: {"type": "array", "items": one}}}
    schema = {"anyOf": [one, many]}
    media = ["application/json", "text/plain"] if route.segment else ["application/json"]
    answer = (200, Success, "stored") if route.segment else (202, Outcome, "stored, apart from what is rejected")
    refused = _ERRORS | ({403: "a write key; this needs a secret key"} if route.secret else {})
    answers = [answer, *((status, Error, text) for status, text in sorted(refused.items()))]
    schemes = ["secret_key"] if route.secret else list(_SECURITY)
    return {
        "tags": ["Segment" if route.segment else "events"],
        "operationId": route.path.removeprefix("/v1/").replace("-", "_"),
        "summary": (route.reader.wire.__doc__ or "").partition("\n")[0],
        "security": [{scheme: []} for scheme in schemes],
        "requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in media}},
        "responses": {
            str(status): {"description": text, "content": {"application/json": {"schema": named[struct]}}}
            for status, struct, text in answers
        },
    }
