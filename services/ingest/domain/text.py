"""Text that every later step can store: no NUL, no half characters, bounded, not nested without end."""

import re

import msgspec

from services.ingest.domain.rejection import rejected
from shared.text import IDENTIFIER, IDENTIFIER_BYTES

DEEPEST = 10
_NESTED = (dict, list)

_EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@[\w-]+(?:\.[\w-]+)+")
"""An address as people have them: no `Ann <ann@acme.com>`, no list of two, no quoted names."""
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"  # half a pair
    rb"|\\u0000"
    rb"|\\.",  # any other escape, so that \\u0000 is a backslash and five plain characters
    re.DOTALL,
)


def storable(body: bytes) -> bytes:
    """JSON without NUL characters, and with U+FFFD for half characters, which PostgreSQL cannot store.

    Browsers make half characters by cutting a text within an emoji. The event is worth more than either.
    """
    return _ESCAPES.sub(_storable, body)


def _storable(escape: "re.Match[bytes]") -> bytes:
    found = escape[0]
    if found == rb"\u0000":
        return b""
    return rb"\ufffd" if len(found) == 6 and found[2] in b"dD" else found


def email_of(text: str, path: str = "email") -> str | None:
    """The address trimmed and in lower case; None for blank text. Raises Rejected when it cannot be an address."""
    email = text.strip().lower()
    if not email:
        return None
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise rejected(path, "is not an email address")
    return email


def identifier(value: str | int | None, path: str) -> str | None:
    """An identifier as text, trimmed; None for a blank one. Raises Rejected when it is too long."""
    if value is None:
        return None
    text = value.strip() if type(value) is str else str(value)
    if len(text) > IDENTIFIER or not (text.isascii() or len(text.encode()) <= IDENTIFIER_BYTES):
        raise rejected(
            path, f"has {len(text)} characters; the most is {IDENTIFIER}, and {IDENTIFIER_BYTES} bytes in UTF-8"
        )
    return text or None


def shorter_than(value: str | None, most: int, path: str) -> str | None:
    """A text trimmed; None for a blank one. Raises Rejected when it has more than `most` characters."""
    text = (value or "").strip()
    if len(text) > most:
        raise rejected(path, f"has {len(text)} characters; the most is {most}")
    return text or None


def not_too_deep(values: dict[str, object], path: str) -> None:
    """Raises Rejected when objects and lists are nested more than DEEPEST deep."""
    layer: list[object] = [value for value in values.values() if isinstance(value, _NESTED)]
    depth = 1
    while layer:
        depth += 1
        if depth > DEEPEST:
            raise rejected(path, f"is nested more than {DEEPEST} deep")
        inner: list[object] = []
        for value in layer:
            inner.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
        layer = [value for value in inner if isinstance(value, _NESTED)]


def text_of(value: object) -> str | None:
    """A loosely typed value as text, trimmed; None for a blank one, and for what is no text or number."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def content_of(values: object) -> str:
    """Values as one text, the same for the same values: what an id is made of when the sender gives none."""
    return msgspec.json.encode(values, order="deterministic").decode()
