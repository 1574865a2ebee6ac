"""A body taken apart: one item, or a list of them under a name, each decoded or rejected on its own.

1. The usual body is decoded once, straight into Structs.
2. When that fails it is taken apart item by item, so that one bad item is told from the good ones around it.
3. When one item makes the whole body invalid JSON, the body is taken apart by its brackets (see `split`).
"""

import re
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from services.ingest.domain.rejection import Problems, from_decoder
from services.ingest.domain.text import storable
from services.ingest.entrances.segment.wire import LooseCall, SegmentCall, SentContext, tidied, tidied_context
from services.ingest.http import split
from services.ingest.limits import BATCH_EVENTS, EVENT_BYTES
from shared.http.refusals import Malformed, TooLarge

Wire = TypeVar("Wire", bound=msgspec.Struct)

_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_TIME = msgspec.json.Decoder(datetime)
_ANY = msgspec.json.Decoder()
_BYTE = re.compile(r"\(byte (\d+)\)")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_BOM = b"\xef\xbb\xbf"


class Items(msgspec.Struct, gc=False):
    """What a body holds. An item that could not be decoded is the Problems with it, in its place.

    `raws` are the items as sent; None until somebody needs them (see `Reader.raws`). `context` is the envelope's.
    """

    items: list[Any]
    write_key: str | None = None
    sent_at: datetime | None = None
    raws: list[bytes] | None = None
    context: Any = None


class Reader(Generic[Wire]):
    """Reads bodies of one kind: `wire` itself, or {plural: [wire, ...]}. `sent_at` is the envelope's name for that."""

    def __init__(self, wire: type[Wire], plural: str, sent_at: str = "sent_at") -> None:
        self.wire = wire
        self.plural = plural
        self._sent_at = sent_at
        self._one = msgspec.json.Decoder(wire)
        self._whole = _whole(wire, plural)

    def read(self, body: bytes) -> Items:
        """The items. Raises Malformed or TooLarge."""
        body = body.removeprefix(_BOM)
        if b"\\u0000" in body:
            body = storable(body)
        if self._whole is None:
            return self._item_by_item(body)
        try:
            whole: Any = self._whole.decode(body)
        except _UNREADABLE:
            return self._item_by_item(body)
        if whole.items is msgspec.UNSET:
            _bounded(body)
            return Items([whole], whole.write_key, whole.sent_at)
        _counted(whole.items)
        return Items(whole.items, whole.write_key, whole.sent_at, None, getattr(whole, "context", None))

    def raws(self, body: bytes) -> list[bytes]:
        """The items as sent. Raises Malformed."""
        return self._taken_apart(body.removeprefix(_BOM))[1]

    def _item_by_item(self, body: bytes) -> Items:
        if b"\\u" in body:
            body = storable(body)  # half a character makes the whole body unreadable
        parts, raws = self._taken_apart(body)
        if self.plural in parts:
            _counted(raws)
        else:
            _bounded(body)
        items = [self._decoded(raw) for raw in raws]
        write_key, sent_at = _optional(_TEXT, parts, "writeKey"), _optional(_TIME, parts, self._sent_at)
        return Items(items, write_key, sent_at, raws, self._context(parts))

    def _taken_apart(self, body: bytes) -> tuple[dict[str, bytes], list[bytes]]:
        """The envelope's parts and the items, as sent."""
        try:
            parts = {name: bytes(raw) for name, raw in _PARTS.decode(body).items()}
        except _UNREADABLE as error:
            parts = self._by_brackets(body, error)
        if self.plural not in parts:
            return parts, [body]
        try:
            return parts, [bytes(raw) for raw in _LIST.decode(parts[self.plural])]
        except _UNREADABLE:
            pass
        if not parts[self.plural].lstrip().startswith(b"["):
            return parts, self._no_list(parts[self.plural])
        try:
            return parts, split.items_of(parts[self.plural], BATCH_EVENTS + 1)
        except split.NotSplit:
            raise Malformed(f"`{self.plural}` must be a list of objects.") from None

    def _by_brackets(self, body: bytes, why: Exception) -> dict[str, bytes]:
        """The envelope's parts, of what is not JSON but has matching brackets."""
        try:
            members = split.members_of(body)
        except split.NotSplit:
            members = {}
        parts = {name: raw for quoted, raw in members.items() if (name := _read(_TEXT, quoted)) is not None}
        if self.plural not in parts:
            self._lone(parts, _where(why, body, self.plural))
        return parts

    def _no_list(self, raw: bytes) -> list[bytes]:
        """The items of an envelope whose list is none."""
        raise Malformed(f"`{self.plural}` must be a list of objects.")

    def _context(self, parts: dict[str, bytes]) -> object:
        """What the envelope says of all its items."""
        return None

    def _lone(self, parts: dict[str, bytes], why: str) -> None:
        """Refuse a lone item that is not JSON; `parts` are its members, if its brackets match."""
        raise Malformed(why)

    def _decoded(self, raw: bytes) -> Wire | Problems:
        try:
            return self._one.decode(raw)
        except _UNREADABLE as error:
            return from_decoder(error)


class SegmentReader(Reader[SegmentCall]):
    """Reads Segment's calls, in two readings (see `entrances.segment.wire`).

    Its libraries send again what is refused. So a lone call that is no JSON, or a `batch` that is no list, is rejected
    as one call of many would be.
    """

    def __init__(self) -> None:
        super().__init__(SegmentCall, "batch", "sentAt")
        self._loose = msgspec.json.Decoder(LooseCall)

    def read(self, body: bytes) -> Items:
        """The calls. Raises Malformed or TooLarge."""
        found = super().read(body)
        if found.raws is None and None in [call.message_id for call in found.items]:
            return self._item_by_item(body.removeprefix(_BOM))
        return found

    def _decoded(self, raw: bytes) -> SegmentCall | Problems:
        try:
            call = self._one.decode(raw)
            return call if call.message_id is not None else tidied(self._loose.decode(raw))
        except _UNREADABLE:
            pass
        try:
            return tidied(self._loose.decode(raw))
        except _UNREADABLE as error:
            return from_decoder(error)

    def _context(self, parts: dict[str, bytes]) -> SentContext | None:
        return tidied_context(_optional(_ANY, parts, "context"))

    def _no_list(self, raw: bytes) -> list[bytes]:
        return [raw]

    def _lone(self, parts: dict[str, bytes], why: str) -> None:
        if not parts:
            raise Malformed(why)


def _whole(wire: type[msgspec.Struct], plural: str) -> "msgspec.json.Decoder[Any] | None":
    """A decoder for one item and for the envelope alike: the item's Struct with a field for the list.

    None when the item requires fields: the envelope has none of them, so its bodies go item by item.
    """
    if any(field.required for field in msgspec.structs.fields(wire)):
        return None
    items: Any = list[wire] | msgspec.UnsetType  # type: ignore[valid-type]  # made at run time
    fields = [
        ("items", items, msgspec.field(name=plural, default=msgspec.UNSET)),
        ("write_key", str | None, msgspec.field(name="writeKey", default=None)),
    ]
    return msgspec.json.Decoder(msgspec.defstruct(f"{wire.__name__}Body", fields, bases=(wire,), gc=False))


def _bounded(body: bytes) -> None:
    if len(body) > EVENT_BYTES:
        raise TooLarge(f"The event has {len(body)} bytes; the most is {EVENT_BYTES}.")


def _counted(items: list[Any]) -> None:
    if len(items) > BATCH_EVENTS:
        raise TooLarge(f"The batch has {len(items)} events; the most is {BATCH_EVENTS}. Split it.")


def _optional(decoder: "msgspec.json.Decoder[Any]", parts: dict[str, bytes], name: str) -> Any:
    return _read(decoder, parts[name]) if name in parts else None


def _read(decoder: "msgspec.json.Decoder[Any]", raw: bytes) -> Any:
    """The value, or None when it cannot be read."""
    try:
        return decoder.decode(raw)
    except _UNREADABLE:
        return None


def _where(error: Exception, body: bytes, plural: str) -> str:
    """What is wrong with the body and where, as a line and column when msgspec says the byte."""
    message = str(error)
    if isinstance(error, msgspec.ValidationError):
        return f'The body must be one JSON object, or {{"{plural}": [...]}}.'
    if isinstance(error, RecursionError):
        return "The body is nested too deep."
    if isinstance(error, UnicodeDecodeError):
        return f"The body is not UTF-8: {error.reason} in the name of a field."
    if found := _BYTE.search(message):
        before = body[: int(found[1])]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        return f"{message.partition(' (byte')[0]} at line {line}, column {column} (byte {found[1]})."
    return f"JSON ends too soon: {len(body)} bytes came, and the last object or text is not closed."
