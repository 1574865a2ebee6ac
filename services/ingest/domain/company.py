"""The company an item names."""

from services.ingest.domain.receipt import Receipt
from services.ingest.domain.text import identifier
from shared.events.touchpoint import Account

ID_JUNK, NAME_JUNK = "account_id_junk", "account_name_junk"


def company(
    id: str | int | None, domain: str | None, name: str | None, receipt: Receipt, flags: list[str]
) -> Account | None:
    """The company as it is known behind the door, its id within the sender's CRM; None when nothing names it.

    An id or name that is junk is left out, with a flag. Raises Rejected for text that is too long, and for an id of
    another CRM.
    """
    id = identifier(id, "account.id")
    domain = identifier(domain, "account.domain")
    name = identifier(name, "account.name")
    if id is not None:
        if receipt.junk.has(id):
            id = None
            flags.append(ID_JUNK)
        else:
            id = receipt.crm.own(id, "account.id")
    if name is not None and receipt.junk.has(name):
        name = None
        flags.append(NAME_JUNK)
    return Account(id, domain, name) if id or domain or name else None
