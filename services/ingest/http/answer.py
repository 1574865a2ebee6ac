"""The answer to what was taken in: how much of it, and what was not and why. Bounded, however much is wrong."""

from collections.abc import Sequence
from typing import Any

import msgspec

from services.ingest.domain.rejection import WHOLE, Problem, Problems
from services.ingest.letters import Reject
from services.ingest.limits import TOLD
from shared.http.refusals import Answer
from shared.text import IDENTIFIER

_OTHERWISE = (Problem(WHOLE, "is wrong in a way of its own; its dead letter has it"),)


class Fault(msgspec.Struct, frozen=True, gc=False):
    """Where an item is wrong, and what would be right."""

    path: str
    message: str


class RejectedItem(msgspec.Struct, frozen=True, gc=False):
    """One item that was kept as a dead letter; the others were accepted. `id` is the sender's own, if it has one."""

    index: int
    id: str | int | None
    errors: list[Fault]


class AlsoRejected(msgspec.Struct, frozen=True, gc=False):
    """Further items that were rejected, all for the same reason."""

    indexes: list[int]
    errors: list[Fault]


class Outcome(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How many items are stored, and which are not: the first ones each, further ones by reason in `more`."""

    accepted: int
    rejected: list[RejectedItem]
    more: list[AlsoRejected] = []


def answer(accepted: int, rejects: Sequence[Reject]) -> Answer:
    """202 and the outcome."""
    if not rejects:
        return Answer(202, b'{"accepted":%d,"rejected":[]}' % accepted)
    each = [RejectedItem(index, _id_in(raw), _faults(problems)) for index, raw, problems in rejects[:TOLD]]
    return Answer(202, msgspec.json.encode(Outcome(accepted, each, _by_reason(rejects[TOLD:]))))


def _by_reason(rejects: Sequence[Reject]) -> list[AlsoRejected]:
    """Rejects by what is wrong with them; reasons beyond the first TOLD together."""
    groups: dict[Problems, list[int]] = {}
    for index, _, problems in rejects:
        reason = problems if problems in groups or len(groups) < TOLD else _OTHERWISE
        groups.setdefault(reason, []).append(index)
    return [AlsoRejected(indexes, _faults(problems)) for problems, indexes in groups.items()]


def _faults(problems: Problems) -> list[Fault]:
    return [Fault(path, message) for path, message in problems]


def _id_in(raw: bytes) -> str | int | None:
    """The sender's own id of a rejected item, if one can be read, and is short enough to be one."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any]).get("id")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(found, str):
        return found if len(found) <= IDENTIFIER else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None
