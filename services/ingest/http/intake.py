"""One request, from its bytes to its answer.

1. whose key is it, and may it send this       401, 403
2. the body, within bounds                     413, 415
3. taken apart into items                      400; an item that cannot be decoded is rejected alone
4. is the source within its rate               429
5. each item made into an event, or rejected
6. events, and rejected items as dead letters, to Kafka; die before its acknowledgement: no answer, so sent again    503
7. the answer: what was accepted, what was not and why
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from services.ingest import metrics
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Rejected, rejected
from services.ingest.http import body as bodies
from services.ingest.http.items import Items
from services.ingest.http.rate import RateLimit
from services.ingest.http.routes import Route
from services.ingest.letters import letter_of
from services.ingest.limits import EVENT_BYTES
from shared.errors import Unavailable
from shared.events import TYPES, encode
from shared.events.ids import Sender
from shared.http.keys import Grant, Kind, key_of
from shared.http.refusals import Answer
from shared.http.throttle import Throttle
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

_SEGMENT_OK = Answer(200, b'{"success":true}')
_SPEC_VERSION = ("ce_specversion", b"1.0")


class Intake:
    """Takes requests in for every route. `now` is the clock."""

    def __init__(self, settings: Settings, producer: Producer, routes: tuple[Route, ...]) -> None:
        self._keys = Throttle(settings)
        self._senders = {source.name: Sender(source.name) for source in settings.sources}
        self._rate = RateLimit(settings.sources)
        self._producer = producer
        self._letters = settings.topic("dead-letters")
        topics = {kind.name: settings.topic(kind.topic) for kind in TYPES}
        self._topics = {route.path: topics[route.type] for route in routes}

    async def take(
        self, route: Route, headers: list[tuple[bytes, bytes]], receive: bodies.Receive, address: str
    ) -> Answer:
        """The answer to one request of the peer at `address`. Raises Refused or Unavailable."""
        key, encoding = None, b""
        for name, value in headers:
            if name == b"authorization":
                key = key_of(value)
            elif name == b"x-write-key":
                key = value
            elif name == b"content-encoding":
                encoding = value
        needs: Kind = "secret" if route.secret else "write"
        if route.secret and key is None:
            key = b""  # such a body holds no key, so it need not be read
        grant = None if key is None else self._keys.open(key, needs, address)
        body = await bodies.read(receive, encoding)
        found = route.reader.read(body)
        if grant is None:
            grant = self._keys.open((found.write_key or "").encode(), needs, address)
        self._rate.take(grant.source, len(found.items))
        if not self._producer.connected:
            raise Unavailable("Kafka is away")
        return await self._send(route, grant, body, found)

    async def _send(self, route: Route, grant: Grant, body: bytes, found: Items) -> Answer:
        receipt = Receipt(self._senders[grant.source], datetime.now(UTC), route.call, found.sent_at)
        records, refused = self._events(route, receipt, found.items)
        accepted = len(records)
        if refused:
            raws = found.raws if found.raws is not None else route.reader.raws(body)[1]
            records.extend(
                letter_of(self._letters, route.path, route.type, receipt, bytes(raws[index]), why)
                for index, why in refused
            )
        await self._producer.send(records)
        metrics.ACCEPTED.count(accepted, grant.source)
        if not refused:
            return _SEGMENT_OK if route.segment else Answer(202, b'{"accepted":%d,"rejected":[]}' % accepted)
        metrics.REJECTED.count(len(refused), grant.source)
        return _SEGMENT_OK if route.segment else _answer(accepted, refused, raws)

    def _events(
        self, route: Route, receipt: Receipt, items: list[Any]
    ) -> tuple[list[Outgoing], list[tuple[int, Rejected]]]:
        topic, normalise, key_of, id_of = self._topics[route.path], route.normalise, route.key_of, route.id_of
        kind = ("ce_type", route.type.encode())
        source = ("ce_source", receipt.sender.name.encode())
        time = ("ce_time", msgspec.json.encode(receipt.received_at)[1:-1])  # a tenth of what isoformat costs
        records: list[Outgoing] = []
        refused: list[tuple[int, Rejected]] = []
        for index, item in enumerate(items):
            try:
                if type(item) is Rejected:
                    raise item
                event = normalise(item, receipt, index)
                value = encode(event)
                if len(value) > EVENT_BYTES:
                    raise rejected("$", f"has {len(value)} bytes; the most is {EVENT_BYTES}")
            except Rejected as why:
                refused.append((index, why))
                continue
            headers = [("ce_id", id_of(event).encode()), kind, source, time, _SPEC_VERSION]
            records.append(Outgoing(topic, key_of(event).encode(), value, headers))
        return records, refused


def _answer(accepted: int, refused: list[tuple[int, Rejected]], raws: list[msgspec.Raw]) -> Answer:
    rejects = [
        {"index": index, "id": _id_in(raws[index]), "errors": [problem._asdict() for problem in why.problems]}
        for index, why in refused
    ]
    return Answer(202, msgspec.json.encode({"accepted": accepted, "rejected": rejects}))


def _id_in(raw: msgspec.Raw) -> str | int | None:
    """The sender's own id of a rejected item, if one can be read."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any]).get("id")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, str | int) else None
