"""One request and its answer, without ASGI in between: for ways in that have to be quick.

A door answers requests of its paths. It may refuse as soon as it has seen the headers, before the body comes, and it
may answer at once or when something has happened, by `exchange.answer`.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol

from shared.http.refusals import GUARDS, Answer

_LINE = b"%s: %s\r\n"
_GUARDS = b"".join(_LINE % header for header in GUARDS)
_HEADS = {
    status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode()) + _GUARDS for status in HTTPStatus
}
_JSON = b"content-type: application/json\r\n"


class Exchange:
    """A request under way on one connection. To uvicorn it looks like one of its own cycles."""

    __slots__ = (
        "_date", "_door", "_finished", "_path", "_transport", "address", "body", "context", "disconnected",
        "expects_continue", "headers", "keep_alive", "method", "more_body", "parts", "query", "response_complete",
        "waits",
    )  # fmt: skip

    def __init__(
        self,
        door: "Door",
        path: bytes,
        transport: Any,
        method: bytes,
        headers: dict[bytes, bytes],
        address: str,
        finished: Callable[[], None],
        date: bytes,
    ) -> None:
        self._date = date
        self._door = door
        self._path = path
        self._transport = transport
        self._finished = finished
        self.method = method
        self.headers = headers
        self.address = address
        self.query = b""
        self.context: Any = None
        """Whatever the door wants to find again when the body is there."""
        self.body = b""
        self.parts: list[bytes] | None = None
        self.keep_alive = True
        self.expects_continue = False
        self.waits = False
        self.more_body = True
        self.response_complete = False
        self.disconnected = False

    @property
    def message_event(self) -> "Exchange":
        """What uvicorn sets when a cycle should look again; here nobody sleeps."""
        return self

    def set(self) -> None:
        """See `message_event`."""

    def begin(self) -> None:
        """The headers are here, and every earlier request of the connection is answered."""
        self.waits = False
        try:
            answer = self._door.open(self, self._path)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes an answer, in one table
            answer = self._door.refused(self, self._path, error)
        if answer is not None:
            self.answer(answer)
        elif not self.more_body:
            self.complete()
        elif self.expects_continue:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def add(self, body: bytes) -> None:
        """Some of the body; most bodies come whole."""
        if self.parts is not None:
            self.parts.append(body)
        elif self.body:
            self.parts = [self.body, body]
        else:
            self.body = body

    def complete(self) -> None:
        """The whole body is here."""
        if self.parts is not None:
            self.body, self.parts = b"".join(self.parts), None
        try:
            self._door.take(self, self._path)
        except Exception as error:  # noqa: BLE001 - as above
            self.answer(self._door.refused(self, self._path, error))

    def answer(self, answer: Answer) -> None:
        """Write the answer, unless the sender has left."""
        if self.response_complete:
            return
        self.response_complete = True
        if not self.disconnected:
            if self.more_body:
                self.keep_alive = False  # the rest of the body would have to be read first
            self._transport.write(written(answer, self.keep_alive, self._date))
        self._finished()


class Door(Protocol):
    """Answers the requests of some paths."""

    def has(self, path: bytes) -> bool:
        """Whether requests for this path are this door's."""
        ...

    def open(self, exchange: Exchange, path: bytes) -> Answer | None:
        """With the headers only: an answer that needs no body, or None to let the body come. May raise any error."""
        ...

    def take(self, exchange: Exchange, path: bytes) -> None:
        """With the body: call `exchange.answer`, now or later. May raise any error, until then."""
        ...

    def refused(self, exchange: Exchange, path: bytes, error: Exception) -> Answer:
        """The answer to an error that `open` or `take` raised."""
        ...


def written(answer: Answer, keep_alive: bool, date: bytes) -> bytes:
    """The bytes of an answer; `date` is the line of that header."""
    parts = [_HEADS[answer.status], date, *[_LINE % header for header in answer.headers]]
    if answer.body:
        parts.append(_JSON)
    if answer.status != HTTPStatus.NO_CONTENT:
        parts.append(b"content-length: %d\r\n" % len(answer.body))
    parts += (b"\r\n" if keep_alive else b"connection: close\r\n\r\n", answer.body)
    return b"".join(parts)
