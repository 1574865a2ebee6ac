"""What account keys stand for, once account objects came or went."""

from collections.abc import Collection

from services.lifecycle.domain.accounts.book import BY_CONTACTS, PUBLIC, Book, Object
from services.lifecycle.domain.accounts.claims import Named, keys_of
from services.lifecycle.store import accounts, persons
from services.lifecycle.store.accounts import ObjectRow
from shared.db import Connection


async def rename(connection: Connection, new: Collection[ObjectRow], gone: Collection[ObjectRow]) -> list[str]:
    """Store account objects and what keys stand for now; the persons whose account is another than before."""
    keys = {key for row in (*new, *gone) for key in keys_of(row[0])}
    # What better evidence said of an id may let other domains of it count, or no longer.
    keys |= await accounts.domains_of(connection, _ids(new), worth=BY_CONTACTS) if _ids(new) else set()
    keys |= await accounts.domains_of(connection, _ids(gone), worth=PUBLIC) if gone else set()
    locked = await accounts.lock_with_kin(connection, keys)
    if gone:
        await accounts.remove_objects(connection, gone)
    added = bool(new) and await accounts.add_objects(connection, new)
    if not (added or gone):
        return []
    objects: dict[tuple[Named, int], Object] = {}
    book, wanted = Book(()), set(locked)
    while wanted:
        for one in await accounts.objects_about(connection, wanted):
            objects[one.named, one.rank] = one
        book = Book(objects.values())
        wanted = {book.step(key) for key in wanted} - wanted - set(locked)
    changed = [r for key in sorted(locked) if (r := book.resolve(key)) != locked[key]]
    if not changed:
        return []
    await accounts.save(connection, changed)
    # A key that moves takes the deals of whole accounts with it: everybody of the old and the new account is concerned.
    joined = await accounts.lock_with_kin(connection, [resolved.key for resolved in changed])
    left = {locked[resolved.key].account_id for resolved in changed}
    return await persons.of_accounts(connection, {*joined, *(k for k, old in locked.items() if old.account_id in left)})


def _ids(rows: Collection[ObjectRow]) -> set[str]:
    return {row[0].account_id for row in rows if row[0].account_id and row[1] > PUBLIC}
