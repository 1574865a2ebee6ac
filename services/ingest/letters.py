"""Dead letters: made of rejected items, stored by ingest's own consumer, so that taking events in needs Kafka alone.

The first LETTERS rejected items of a request have a letter each. The others are folded into few: a letter that says how
many there are and why, with the items whole in its body, as a request that can be mended and sent again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Problems, told
from services.ingest.limits import FOLDED_BYTES, LETTERS
from services.ingest.store import dead_letters as store
from shared import db, metrics
from shared.events import TYPES
from shared.events.dead_letter import DeadLetter
from shared.kafka.consume import Record
from shared.kafka.letters import body_of, outgoing
from shared.kafka.producer import Outgoing

_TOPIC_OF_TYPE = {kind.name: kind.topic for kind in TYPES}
_LONGEST_REASON = 2000


class Reject(NamedTuple):
    """An item that cannot be used: its place in its request, as it was sent, and what is wrong with it."""

    place: int
    raw: bytes
    problems: Problems


class Desk:
    """Writes the letters of one route. `topic` is the dead letters' full name, `plural` the list's in a request."""

    def __init__(self, topic: str, path: str, event_type: str, plural: str) -> None:
        self._topic = topic
        self._origin = f"ingest:{path}"
        self._type = event_type
        self._plural = plural.encode()

    def letters(self, rejects: Sequence[Reject], receipt: Receipt) -> Iterator[Outgoing]:
        """The letters of one request's rejected items; the same request sent again makes the same letters."""
        for reject in rejects[:LETTERS]:
            yield self._letter(reject.raw, told(reject.problems), receipt)
        for fold in _folds(rejects[LETTERS:]):
            body = b'{"%s":[%s]}' % (self._plural, b",".join(reject.raw for reject in fold))
            yield self._letter(body, _reason(fold), receipt)

    def _letter(self, raw: bytes, reason: str, receipt: Receipt) -> Outgoing:
        body, encoding = body_of(raw)
        metrics.DEAD_LETTERS.labels(self._origin).inc()
        letter = DeadLetter(
            dead_letter_id=receipt.sender.event_id(f"{self._origin}\0{body}"),
            origin=self._origin,
            reason=reason[:_LONGEST_REASON],
            body=body,
            encoding=encoding,
            failed_at=receipt.received_at,
            topic=_TOPIC_OF_TYPE[self._type],
            type=self._type,
            source=receipt.sender.name,
        )
        return outgoing(self._topic, letter)


def _folds(rejects: Sequence[Reject]) -> Iterator[list[Reject]]:
    """Rejects in groups of at most FOLDED_BYTES, so that each fits into a Kafka record with room to spare."""
    fold: list[Reject] = []
    size = 0
    for reject in rejects:
        if fold and size + len(reject.raw) > FOLDED_BYTES:
            yield fold
            fold, size = [], 0
        fold.append(reject)
        size += len(reject.raw) + 1
    if fold:
        yield fold


def _reason(fold: Sequence[Reject]) -> str:
    """How many items, and how many for which reason, the most frequent first."""
    why = Counter(told(reject.problems) for reject in fold)
    of = ", ".join(f"{count} x {reason}" for reason, count in why.most_common(5))
    return f"{len(fold)} more items of one request: {of}"


async def handle(connection: db.Connection, records: Sequence[Record]) -> None:
    """Store a batch of dead letters."""
    await store.insert(connection, [record.event for record in records])
