"""Who an item is about: identifiers as they are known behind the door, without junk."""

from services.ingest.domain.receipt import Receipt
from services.ingest.domain.rejection import Problem, Rejected
from services.ingest.domain.text import email_of, identifier

_MOST_IDS = 20
_LONGEST_PROVIDER = 64
_FLAG = "_junk"


def known(sent: str | int | None, path: str, receipt: Receipt, flags: list[str]) -> str | None:
    """An identifier; None for a blank one, and for junk, which `flags` tells. Raises Rejected when it is too long."""
    found = identifier(sent, path)
    if found is None or not receipt.junk.has(found):
        return found
    flags.append(path + _FLAG)
    return None


def known_email(sent: str | None, path: str, receipt: Receipt, flags: list[str]) -> str | None:
    """An address; None for a blank one, and for junk, which `flags` tells. Raises Rejected for any other text."""
    if not sent:
        return None
    if receipt.junk.has(sent.strip()):  # `n/a` in a required field: no address, and nobody's mistake to mend
        flags.append(path + _FLAG)
        return None
    found = email_of(sent, path)
    if found is None or not receipt.junk.has_email(found):
        return found
    flags.append(path + _FLAG)
    return None


def known_ids(sent: dict[str, str | int], receipt: Receipt, flags: list[str]) -> dict[str, str]:
    """Ids by provider, within the sender's CRM. Raises Rejected for too many, or what is too long."""
    if len(sent) > _MOST_IDS:
        raise Rejected(Problem("ids", f"has {len(sent)} entries; the most is {_MOST_IDS}"))
    found = {}
    for name, value in sent.items():
        provider = name.strip()
        if len(provider) > _LONGEST_PROVIDER:
            raise Rejected(Problem("ids", f"has a name of {len(name)} characters; the most is {_LONGEST_PROVIDER}"))
        id = identifier(value, f"ids.{provider}")
        if not provider or id is None:
            continue
        if not receipt.junk.has(id):
            found[provider] = receipt.crm.own(id, f"ids.{provider}")
        elif "ids_junk" not in flags:
            flags.append("ids_junk")
    return found


def nobody(flags: list[str], otherwise: Problem) -> Problem:
    """Why an item without an identifier is rejected: the junk that stood in its place, if any."""
    for flag in flags:
        if flag.endswith(_FLAG):
            path = flag.removesuffix(_FLAG)
            return Problem(path, f"holds a placeholder such as undefined or 0, which names nobody; {otherwise.message}")
    return otherwise


def event_id(sent: str | int | None, receipt: Receipt) -> str | None:
    """The sender's own id of an item; None for a blank one. A number may be 0. Raises Rejected for a placeholder."""
    found = identifier(sent, "id")
    if found is not None and receipt.junk.has(found) and not found.lstrip("-").isdigit():
        raise Rejected(Problem("id", "is a placeholder such as undefined: all events sent with it would count as one"))
    return found
