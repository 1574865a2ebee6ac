"""Ids that the same input always gets, so that the same event sent twice, by whichever door, is one."""

import hashlib
import uuid

NAMESPACE = uuid.UUID("0f6a4c1e-52d5-5d0b-8a4e-3c1f9d2b7a60")
"""event id = uuid5(NAMESPACE, source + NUL + client id). A constant of the contract: never change it."""

_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


class Sender:
    """A source of events, with what can be computed once for all its ids."""

    __slots__ = ("_hash", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._hash = hashlib.sha1(NAMESPACE.bytes + name.encode() + b"\0", usedforsecurity=False)

    def event_id(self, client_id: str) -> str:
        """`str(uuid.uuid5(NAMESPACE, f"{name}\\0{client_id}"))`, at a fifth of its cost."""
        digest = self._hash.copy()
        digest.update(client_id.encode())
        text = digest.hexdigest()
        return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"
