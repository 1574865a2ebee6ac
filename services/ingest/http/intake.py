"""One request, from its items to its answer.

1. whose key is it, and may it send this       401, 403 (`door`)
2. the body, within bounds                     413, 415 (`shared.http.protocol`, `body`)
3. taken apart into items                      400 (`items`); an item that cannot be decoded is rejected alone
4. is the source within its rate               429
5. each item made into an event, or rejected
6. events, and rejected items as dead letters, to Kafka; die before its acknowledgement: no answer, so sent again    503
7. the answer: what was accepted, what was not and why
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.ingest import metrics
from services.ingest.domain.crm import crms
from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import WHOLE, Problem, Problems, Rejected
from services.ingest.http.answer import answer as answer_of
from services.ingest.http.items import Items
from services.ingest.http.rate import RateLimit
from services.ingest.http.routes import Route
from services.ingest.letters import Desk, Reject
from services.ingest.limits import EVENT_BYTES
from shared.events import TYPES, encode
from shared.events.ids import Sender
from shared.http.keys import Grant
from shared.http.refusals import Answer
from shared.identifiers import Junk
from shared.kafka.producer import Outgoing, Producer
from shared.settings import Settings

_SEGMENT_OK = Answer(200, b'{"success":true}')
_SPEC_VERSION = ("ce_specversion", b"1.0")


Outcome = Answer | Exception
"""What becomes of a request: its answer, or why it has none of its own."""


class Intake:
    """Takes requests in for every route."""

    def __init__(self, settings: Settings, producer: Producer, routes: tuple[Route, ...]) -> None:
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

    def take(self, route: Route, grant: Grant, body: bytes, found: Items, answer: Callable[[Outcome], None]) -> None:
        """Make events of the items and hand them to Kafka; `answer` is called when it has them, or has not.

        Raises Refused or Unavailable, calling nobody, for what is known at once.
        """
        source = grant.source
        self._rate.take(source, len(found.items))
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

        def stored(error: Exception | None) -> None:
            if error is not None:
                answer(error)
                return
            metrics.ACCEPTED.count(accepted, source)
            if rejects:
                metrics.REJECTED.count(len(rejects), source)
            answer(_SEGMENT_OK if route.segment else answer_of(accepted, rejects))

        self._producer.put(records, stored)

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
