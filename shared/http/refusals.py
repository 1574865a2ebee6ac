"""Why a whole request is refused, and the one place that gives each reason its HTTP status.

Refused                      the sender can mend it; the message says how
├── Malformed            400
├── UnknownKey           401
├── WrongKind            403
├── NotFound             404
├── MethodNotAllowed     405, with the methods there are
├── TooSlow              408
├── Conflict             409
├── TooLarge             413
├── UnknownEncoding      415
├── Unprocessable        422
├── TooFast              429, with the seconds to wait
├── HeadersTooLarge      431
└── Busy                 503, with the seconds to wait
(shared.errors.Unavailable, PostgreSQL away: 503)
"""

from typing import ClassVar

import msgspec
import structlog

from shared import db
from shared.errors import ClosedloopError, Unavailable

log = structlog.get_logger()

Headers = tuple[tuple[bytes, bytes], ...]

RETRY_AFTER_SECONDS = 5

GUARDS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
"""Sent with every answer: it is what it says it is, in no frame, kept in no cache; links tell nobody where from."""


class Problem(msgspec.Struct):
    """Why a request was refused: a short name for programs, and what a person can do about it."""

    error: str
    detail: str


class Answer(msgspec.Struct, frozen=True, gc=False):
    """An HTTP answer with a JSON body (or none). `headers` are those beside content type, length and GUARDS."""

    status: int
    body: bytes
    headers: Headers = ()


class Refused(ClosedloopError):
    """The request cannot be taken as it is; the message says what to do."""

    status: ClassVar[int] = 400
    error: ClassVar[str] = "refused"
    headers: Headers = ()


class Malformed(Refused):
    """Not what can be read; the message says where."""

    error = "malformed"


class UnknownKey(Refused):
    """No key, or one that no source has."""

    status = 401
    error = "unknown_key"
    headers = ((b"www-authenticate", b'Basic realm="closedloop"'),)


class WrongKind(Refused):
    """A known key, which may not do this."""

    status = 403
    error = "wrong_kind_of_key"


class NotFound(Refused):
    """There is nothing under that name."""

    status = 404
    error = "not_found"


class MethodNotAllowed(Refused):
    """The path does not have this method; `allowed` are those it has, as in `GET, HEAD`."""

    status = 405
    error = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"Use {allowed}.")
        self.headers = ((b"allow", allowed.encode()),)


class TooSlow(Refused):
    """The request did not come to its end in time."""

    status = 408
    error = "too_slow"


class Conflict(Refused):
    """It contradicts what stands; the message says what that is."""

    status = 409
    error = "conflict"

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        if retry_after is not None:
            self.headers = _retry_after(retry_after)


class TooLarge(Refused):
    """More bytes or items than one request may bring."""

    status = 413
    error = "too_large"


class UnknownEncoding(Refused):
    """A Content-Encoding that we do not read."""

    status = 415
    error = "unknown_encoding"


class Unprocessable(Refused):
    """It can be read, and a field of it is wrong; the message names the field."""

    status = 422
    error = "unprocessable"


class TooFast(Refused):
    """More than the sender may send now; `retry_after` in seconds."""

    status = 429
    error = "too_fast"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.headers = _retry_after(retry_after)


class HeadersTooLarge(Refused):
    """More header bytes or lines than a request may have."""

    status = 431
    error = "headers_too_large"


class Busy(Refused):
    """The service holds as much as it can; nothing of the request was kept."""

    status = 503
    error = "busy"
    headers = ((b"retry-after", b"1"),)


def _retry_after(seconds: int) -> Headers:
    return ((b"retry-after", b"%d" % seconds),)


_OUR_MISTAKE = "That is our mistake and it is logged; send the request again later."


def answer_to(error: Exception) -> Answer:
    """The answer to a request that met this error. What nobody foresaw is logged and answered 500."""
    match error:
        case Refused():
            return refusal(error.status, error.error, str(error), error.headers)
        case Unavailable():
            log.warning("request_refused", reason=str(error))
            return refusal(503, "unavailable", f"{error}. Nothing was stored: try again later.", _AGAIN)
        case _ if db.is_transient(error):
            log.warning("request_refused", reason=repr(error))
            return refusal(503, "unavailable", "PostgreSQL does not answer just now: try again later.", _AGAIN)
        case _:
            log.error("request_failed", exc_info=error)
            return refusal(500, "internal", _OUR_MISTAKE)


def refusal(status: int, error: str, detail: str, headers: Headers = ()) -> Answer:
    """An answer in the one shape that all refusals have."""
    return Answer(status, msgspec.json.encode(Problem(error, detail)), headers)


_AGAIN = _retry_after(RETRY_AFTER_SECONDS)
