"""What is no identifier, though somebody sent it as one: `undefined`, `0`, `{{user_id}}`, `none@none.com`.

A program that has no value for a field often sends a word for that instead of leaving it out. Taken for an identifier,
it makes one person of everybody it was sent for. So ingest leaves junk out, with a flag that says which field it was.
"""

import re
from collections.abc import Iterable

WORDS: dict[str, tuple[str, ...]] = {
    "what a language writes for no value": (
        "undefined", "null", "nil", "none", "nan", "inf", "infinity", "-infinity", "void", "nothing", "empty", "blank",
        "(null)", "<null>", "(none)", "(empty)", "(blank)", "\\n", "true", "false", "yes", "no", "-1", "string",
        "(not set)", "not set", "notset", "unset",
    ),
    "what a person or a form writes for no answer": (
        "n/a", "n.a.", "na", "#n/a", "not available", "not applicable", "tbd", "-", "--", "---", "_", ".", "..", "...",
        "?", "??", "???", "xxx", "*",
    ),
    "what stands for anybody": (
        "anonymous", "guest", "unknown", "unidentified", "unassigned", "nobody", "noone", "not_authenticated",
        "unauthenticated", "logged_out",
    ),
    "the name of the field itself": (
        "id", "uid", "userid", "user_id", "user-id", "username", "anonymousid", "anonymous_id", "distinctid",
        "distinct_id", "customerid", "customer_id", "email", "e-mail", "mail", "groupid", "group_id", "account_id",
        "accountid",
    ),
}  # fmt: skip
"""In lower case, by where they come from. docs/ingest.md shows this table; `identity.junk` adds to it."""

BRACKETS: tuple[tuple[str, str], ...] = (
    ("<", ">"),
    ("{", "}"),
    ("[", "]"),
    ("${", "}"),
    ("#{", "}"),
    ("%%", "%%"),
    ("*|", "|*"),
    ("%7b", "%7d"),
    ('"', '"'),
    ("'", "'"),
)
"""A value between two of these is a template that nobody filled in, or an empty object: `{{user.id}}`, `*|EMAIL|*`."""

_LONGEST = 64  # no real identifier stands between brackets; but of a longer text we do not claim to know
_NOTHING = re.compile(r"0[0.-]*")  # 0, 0.0, 000-000, the nil UUID, Apple's empty advertising id
_PLACEHOLDER = re.compile(
    "|".join(f"{re.escape(opening)}.{{0,{_LONGEST}}}{re.escape(closing)}" for opening, closing in BRACKETS), re.DOTALL
)
_SUSPECT = frozenset("0" + "".join(opening[0] for opening, _ in BRACKETS))


class Junk:
    """The table of what is no identifier, with the words that the configuration adds."""

    __slots__ = ("_longest", "_words")

    def __init__(self, more: Iterable[str] = ()) -> None:
        own = (word.strip().lower() for word in more if word.strip())
        self._words = frozenset([*(word for words in WORDS.values() for word in words), *own])
        self._longest = max(map(len, self._words))

    def has(self, identifier: str) -> bool:
        """Whether a trimmed identifier names nobody. Case does not matter."""
        if identifier[:1] not in _SUSPECT and len(identifier) > self._longest:
            return False  # the usual case, a long id: a tenth of what the rest costs
        text = identifier.lower()
        if text in self._words:
            return True
        return text[:1] in _SUSPECT and (_NOTHING.fullmatch(text) or _PLACEHOLDER.fullmatch(text)) is not None

    def has_email(self, email: str) -> bool:
        """Whether an address (in lower case) is a made-up one: junk at junk, such as `none@none.com`."""
        if email in self._words:
            return True
        name, _, domain = email.partition("@")
        return self.has(name) and self.has(domain.partition(".")[0])


JUNK = Junk()
"""The table as it comes, without words of a configuration."""
