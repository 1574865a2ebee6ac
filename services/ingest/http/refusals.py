"""Why a whole request is refused, and the one table that gives each reason its HTTP status.

Refused                  the sender can mend it; the message says how
├── UnknownKey       401
├── WrongKind        403
├── TooLarge         413
├── Malformed        400
├── UnknownEncoding  415
└── TooFast          429, with the seconds to wait
(shared.errors.Unavailable: 503)
"""

import msgspec
import structlog

from services.ingest.limits import RETRY_AFTER_SECONDS
from shared.errors import ClosedloopError, Unavailable

log = structlog.get_logger()


class Answer(msgspec.Struct, frozen=True, gc=False):
    """An HTTP answer with a JSON body."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Refused(ClosedloopError):
    """The request cannot be taken as it is; the message says what to do."""

    headers: tuple[tuple[bytes, bytes], ...] = ()


class UnknownKey(Refused):
    """No key, or one that no source has."""

    headers = ((b"www-authenticate", b'Basic realm="closedloop"'),)


class WrongKind(Refused):
    """A known key, which may not send this."""


class TooLarge(Refused):
    """More bytes or items than one request may bring."""


class Malformed(Refused):
    """Not what can be read; the message says where."""


class UnknownEncoding(Refused):
    """A Content-Encoding that we do not read."""


class TooFast(Refused):
    """More events than the source may send; `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.headers = ((b"retry-after", b"%d" % retry_after),)


_STATUS: dict[type[Refused], tuple[int, str]] = {
    UnknownKey: (401, "unknown_key"),
    WrongKind: (403, "wrong_kind_of_key"),
    TooLarge: (413, "too_large"),
    Malformed: (400, "malformed"),
    UnknownEncoding: (415, "unknown_encoding"),
    TooFast: (429, "too_fast"),
}
_AWAY = "Kafka cannot take events just now. Nothing of this request is promised to be stored: send all of it again."
_OUR_MISTAKE = "That is our mistake and it is logged; send the request again later."


def answer_to(error: Exception) -> Answer:
    """The answer to a request that met this error. What nobody foresaw is logged and answered 500."""
    match error:
        case Refused():
            status, name = _STATUS[type(error)]
            return _answer(status, name, str(error), error.headers)
        case Unavailable():
            log.warning("request_refused", reason=str(error))
            return _answer(503, "unavailable", _AWAY, ((b"retry-after", b"%d" % RETRY_AFTER_SECONDS),))
        case _:
            log.error("request_failed", exc_info=error)
            return _answer(500, "internal", _OUR_MISTAKE)


def method_not_allowed(allowed: bytes) -> Answer:
    """The answer to a method that the path does not have."""
    return _answer(405, "method_not_allowed", f"Use {allowed.decode()}.", ((b"allow", allowed),))


def _answer(status: int, error: str, detail: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    return Answer(status, msgspec.json.encode({"error": error, "detail": detail}), headers)
