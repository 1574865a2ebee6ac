"""Broken JSON taken apart all the same: where one value ends and the next begins, by brackets and quotes alone.

One NaN, or one item nested a thousand deep, makes a body that no JSON decoder takes. Its brackets still match, so the
items around the broken one can be told apart, and used. Only a body that has failed to decode comes here.

Each step is one match of a regular expression that runs to the next bracket (outside of strings), so the work is in
proportion to the brackets and done in C in between.
"""

import re
from collections.abc import Iterator
from itertools import islice

MOST_BRACKETS = 200_000
"""More than a full batch of rich events has; a body of nothing but brackets is given up here, after some 30 ms."""

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_AT_TOP = re.compile(rb'(?:[^"{}\[\],]++|' + _STRING + rb")*+([{}\[\],])", re.DOTALL)
_WITHIN = re.compile(rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+([{}\[\]])", re.DOTALL)
_MEMBER = re.compile(rb"\s*(" + _STRING + rb")\s*:(.*)", re.DOTALL)
_CLOSING = {b"{": b"}", b"[": b"]"}


class NotSplit(ValueError):
    """The brackets or quotes do not match: nobody can say where an item ends."""


def members_of(body: bytes) -> dict[bytes, bytes]:
    """The members of an object, each value as it was sent, by their names as sent, quotes included. Raises NotSplit."""
    found = {}
    for part in _parts(body, b"{"):
        member = _MEMBER.fullmatch(part)
        if member is None:
            raise NotSplit
        found[member[1]] = member[2].strip()
    return found


def items_of(body: bytes, most: int) -> list[bytes]:
    """The items of a list, each as it was sent; the first `most`, if there are more. Raises NotSplit."""
    return list(islice(_parts(body, b"["), most))


def _parts(body: bytes, opening: bytes) -> Iterator[bytes]:
    """What stands between the commas of the outermost object or list."""
    body = body.strip()
    if not body.startswith(opening):
        raise NotSplit
    open_brackets = [opening]
    at = start = 1
    for _ in range(MOST_BRACKETS):
        found = (_WITHIN if len(open_brackets) > 1 else _AT_TOP).match(body, at)
        if found is None:
            raise NotSplit
        at, mark = found.end(), found[1]
        if mark in _CLOSING:
            open_brackets.append(mark)
            continue
        if mark != b",":
            if _CLOSING[open_brackets.pop()] != mark:
                raise NotSplit
            if open_brackets:
                continue
        part = body[start : at - 1].strip()
        if part or mark == b",":
            yield part
        if mark != b",":
            break
        start = at
    if open_brackets or at != len(body):
        raise NotSplit
