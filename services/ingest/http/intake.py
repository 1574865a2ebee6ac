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
from services.ingest.domain.crm import crms
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import WHOLE, Problem, Problems, Rejected
from services.ingest.http import body as bodies
from services.ingest.http.answer import answer
from services.ingest.http.items import Items
from services.ingest.http.rate import RateLimit
from services.ingest.http.routes import Route
from services.ingest.letters import Desk, Reject
from services.ingest.limits import EVENT_BYTES
from shared.errors import Unavailable
from shared.events import TYPES, encode
from shared.events.ids import Sender
from shared.http.keys import Grant, Kind, key_of
from shared.http.refusals import Answer, Refused
from shared.http.throttle import Throttle
from shared.identifiers import Junk
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
        by_name = crms(source.crm for source in settings.sources)
        self._crms = {source.name: by_name[source.crm] for source in settings.sources}
        self._junk = Junk(settings.identity.junk)
        letters = settings.topic("dead-letters")
        self._desks = {route.path: Desk(letters, route.path, route.type, route.reader.plural) for route in routes}
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
        try:
            body = await bodies.read(receive, encoding)
            found = route.reader.read(body)
            if grant is None:
                grant = self._keys.open((found.write_key or "").encode(), needs, address)
            self._rate.take(grant.source, len(found.items))
        except Refused as why:
            metrics.REFUSED.count(1, grant.source if grant is not None else "unknown", why.status)
            raise
        if not self._producer.connected:
            raise Unavailable("Kafka is away")
        return await self._send(route, grant, body, found)

    async def _send(self, route: Route, grant: Grant, body: bytes, found: Items) -> Answer:
        source = grant.source
        receipt = Receipt(
            self._senders[source],
            datetime.now(UTC),
            route.call,
            found.sent_at,
            grant.secret,
            self._crms[source],
            self._junk,
            found.context,
        )
        records, refused = self._events(route, receipt, found.items)
        accepted = len(records)
        rejects: list[Reject] = []
        if refused:
            raws = found.raws if found.raws is not None else route.reader.raws(body)
            rejects = [Reject(index, raws[index], problems) for index, problems in refused]
            records.extend(self._desks[route.path].letters(rejects, receipt))
        await self._producer.send(records)
        metrics.ACCEPTED.count(accepted, source)
        if rejects:
            metrics.REJECTED.count(len(rejects), source)
        return _SEGMENT_OK if route.segment else answer(accepted, rejects)

    def _events(
        self, route: Route, receipt: Receipt, items: list[Any]
    ) -> tuple[list[Outgoing], list[tuple[int, Problems]]]:
        topic, normalise, key_of, id_of = self._topics[route.path], route.normalise, route.key_of, route.id_of
        kind = ("ce_type", route.type.encode())
        source = ("ce_source", receipt.sender.name.encode())
        time = ("ce_time", msgspec.json.encode(receipt.received_at)[1:-1])  # a tenth of what isoformat costs
        records: list[Outgoing] = []
        refused: list[tuple[int, Problems]] = []
        for index, item in enumerate(items):
            if type(item) is tuple:  # Problems: it could not be decoded
                refused.append((index, item))
                continue
            try:
                event = normalise(item, receipt, index)
            except Rejected as why:
                refused.append((index, why.problems))
                continue
            value = encode(event)
            if len(value) > EVENT_BYTES:
                refused.append((index, (Problem(WHOLE, f"has {len(value)} bytes; the most is {EVENT_BYTES}"),)))
                continue
            headers = [("ce_id", id_of(event).encode()), kind, source, time, _SPEC_VERSION]
            records.append(Outgoing(topic, key_of(event).encode(), value, headers))
        return records, refused
