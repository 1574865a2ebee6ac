"""uvicorn's HTTP/1.1 within bounds: every input of a connection has a size, a count and a time.

Headers       16 KB and 100 lines, then 431
Body          what the application takes, then 413; all bodies of all requests together: then 503
Time          a whole request within `request_seconds`, then 408; a connection without one is closed when idle
Connections   a number of them, then 503

After a refusal that leaves part of a request unread the connection ends, but not at once: a reset would take the answer
back from a sender that is still sending. What it sends meanwhile is dropped.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from shared.http.exchange import Door, Exchange, written
from shared.http.refusals import Busy, HeadersTooLarge, Malformed, Refused, TooLarge, TooSlow, answer_to

HEAD_BYTES = 16 * 1024
HEAD_LINES = 100
_LINGERS = 2.0  # seconds; for a sender to read why it was refused
_WIRE_PER_BYTE = 4
"""Bytes on the wire per byte of a body: chunks of one byte have six, which no sender makes."""


@dataclass
class Edge:
    """What all connections of a server share: their bounds, and what they hold."""

    body_bytes: int
    connections: int
    idle_seconds: float
    request_seconds: float
    in_flight_bytes: int
    door: Door | None = None
    held: int = field(default=0, init=False)
    """Bytes of the bodies of all requests that are not answered yet."""
    date: bytes = field(default=b"", init=False)
    """The line of the Date header."""

    def sweep(self, connections: Iterable[Any], now: float) -> None:
        """End what took too long, and look at the clock. To be called once a second."""
        self.date = b"date: " + formatdate(usegmt=True).encode() + b"\r\n"
        for connection in [*connections]:
            connection.sweep(now)


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        edge: Edge,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._edge = edge
        self._door = edge.door
        self._address = ""
        self._began: float | None = None
        """When the first byte of the request came that is not complete yet."""
        self._since = self.loop.time()
        """When the connection was last quiet: made, or everything answered."""
        self._wire = 0
        self._heads = 0
        self._headed = False
        self._held = 0
        self._stuck: float | None = None
        """Since when the sender does not read its answer."""
        self._ends: float | None = None
        """When the connection ends, after a refusal; until then what comes is dropped."""

    # From the transport

    def connection_made(self, transport: Any) -> None:
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        if len(self.connections) > self._edge.connections:
            self._refuse(Busy(f"There are {self._edge.connections} connections already; try again later."))

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what was held."""
        self._release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, no more than a head may have until the head is complete."""
        if self._ends is not None:
            return
        if self._began is None:
            self._began = self.loop.time()
            self._wire = 0
        if not self._headed and self._wire + len(data) > HEAD_BYTES:
            heads, room = self._heads, HEAD_BYTES - self._wire
            self._feed(data[:room])
            if self._heads == heads:
                self._refuse(HeadersTooLarge(f"The headers have more than {HEAD_BYTES} bytes."))
            data = data[room:]
        if data and self._ends is None:
            self._feed(data)
        if self._headed and self._wire > HEAD_BYTES + _WIRE_PER_BYTE * self._edge.body_bytes:
            self._refuse(self._too_large())

    def _feed(self, data: bytes) -> None:
        self._wire += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._no_more()
        except httptools.HttpParserError:
            self._refuse(Malformed("This is not an HTTP/1.1 request."))

    def _no_more(self) -> None:
        """The sender wants to speak another protocol: it is answered in HTTP/1.1, and what follows is dropped."""
        self._ends = self.loop.time() + self._edge.request_seconds
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.keep_alive = False

    # From the parser

    def on_message_begin(self) -> None:
        """A request begins. What ASGI needs is made when it is known that ASGI will get it."""
        self.url = b""
        self.headers = []
        self._headed = False
        if self._began is None:  # it came in one piece with the end of the one before
            self._began = self.loop.time()
            self._wire = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those after the body are nobody's."""
        if not self._headed:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Hand the request to the door, or to ASGI."""
        self._heads += 1
        self._headed = True
        if self._ends is not None:
            return
        if len(self.headers) > HEAD_LINES:
            self._refuse(HeadersTooLarge(f"There are {len(self.headers)} headers; the most is {HEAD_LINES}."))
            return
        headers = dict(self.headers)
        length = headers.get(b"content-length")
        if length is not None and int(length) > self._edge.body_bytes:
            self._refuse(self._too_large())
            return
        path, _, query = self.url.partition(b"?")
        if self._door is not None and self._door.has(path):
            self._to_door(path, query, headers)
        else:
            self._to_asgi(headers)

    def _to_door(self, path: bytes, query: bytes, headers: dict[bytes, bytes]) -> None:
        assert self._door is not None  # noqa: S101 - for the type
        parser, before = self.parser, self.cycle
        exchange = Exchange(
            self._door,
            path,
            self.transport,
            parser.get_method(),
            headers,
            self._address,
            self.on_response_complete,
            self._edge.date,
        )
        exchange.more_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        exchange.query = query
        exchange.keep_alive = parser.should_keep_alive() and (
            b"connection" not in headers or parser.get_http_version() == "1.1"
        )
        exchange.expects_continue = b"expect" in headers
        self.cycle = exchange  # type: ignore[assignment]  # it looks like one
        if before is None or before.response_complete:
            exchange.begin()
        else:
            exchange.waits = True
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, self.app))  # type: ignore[arg-type]

    def _to_asgi(self, headers: dict[bytes, bytes]) -> None:
        url, own = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers.extend(own)
        self.expect_100_continue = headers.get(b"expect", b"").lower() == b"100-continue"
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if type(cycle) is Exchange:
            cycle.begin()
        else:
            super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Keep some of the body, within what this and all requests may bring."""
        cycle: Any = self.cycle
        if self._ends is not None or cycle is None or cycle.response_complete:
            return
        edge, size = self._edge, len(body)
        self._held += size
        edge.held += size
        if edge.held > edge.in_flight_bytes:
            self._refuse(Busy("Too many bytes of other requests are under way; try again later."))
        elif self._held > edge.body_bytes and not self.pipeline:
            self._refuse(self._too_large())
        elif type(cycle) is Exchange:
            cycle.add(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; its time no longer runs."""
        self._began = None
        self._headed = False
        self._wire = 0
        cycle: Any = self.cycle
        if self._ends is not None or cycle is None or cycle.response_complete:
            return
        if type(cycle) is Exchange:
            if cycle.more_body:
                cycle.more_body = False
                if not cycle.waits:
                    cycle.complete()
        else:
            super().on_message_complete()

    # What becomes of it

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for one."""
        self.server_state.total_requests += 1
        self._release()
        self._since = self.loop.time()
        cycle: Any = self.cycle
        if self.transport.is_closing():
            return
        if self._ends is not None:
            if not cycle.disconnected:
                self.transport.close()
            return
        if type(cycle) is Exchange and not cycle.keep_alive and not self.pipeline:
            self._end()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def sweep(self, now: float) -> None:
        """End the connection when its time is over."""
        edge, cycle = self._edge, self.cycle
        if self.transport.is_closing() or self.flow.write_paused:
            self._stuck = self._stuck or now
            if now - self._stuck > edge.request_seconds:
                self.transport.abort()  # it does not read its answer
            return
        self._stuck = None
        if self._ends is not None:
            if now > self._ends:
                self.transport.abort()
        elif self._began is not None:
            if now - self._began > edge.request_seconds:
                self._refuse(TooSlow(f"A request must have come within {edge.request_seconds:g} s."))
        elif (cycle is None or cycle.response_complete) and now - self._since > edge.idle_seconds:
            self.transport.close()

    def _refuse(self, why: Refused) -> None:
        """Say why, unless an earlier answer is still to come; then end."""
        cycle: Any = self.cycle
        if self._ends is not None:
            return
        if cycle is None or cycle.response_complete or cycle.more_body:
            self.transport.write(written(answer_to(why), keep_alive=False, date=self._edge.date))
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self._release()
        self._end()

    def _end(self) -> None:
        """End when the sender has had time to read the answer, or at once when it has nothing more to send."""
        if self._began is None:
            self.transport.close()
        else:
            self._ends = self.loop.time() + _LINGERS
            self.transport.write_eof()

    def _release(self) -> None:
        self._edge.held -= self._held
        self._held = 0

    def _too_large(self) -> TooLarge:
        return TooLarge(f"A request may bring at most {self._edge.body_bytes} bytes.")
