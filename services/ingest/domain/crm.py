"""Whose ids are whose: a CRM's own ids of deals, companies and people mean something only within that CRM.

What a source of the CRM `eu` calls deal 1001 is `eu:1001` everywhere behind the door. The default CRM's ids stay as
they are, so that most people never see a prefix; then none of them may look like another CRM's.
"""

from collections.abc import Iterable

import msgspec

from services.ingest.domain.rejection import rejected

DEFAULT = "crm"


class Crm(msgspec.Struct, frozen=True, gc=False):
    """The CRM a source speaks for. `others` are the beginnings that ids of the other configured CRMs have."""

    name: str = DEFAULT
    others: tuple[str, ...] = ()

    def own(self, sent: str, path: str) -> str:
        """The id as it is known behind the door. Raises Rejected when it would be an id of another CRM."""
        if self.name != DEFAULT:
            return f"{self.name}:{sent}"
        if sent.startswith(self.others):
            crm = sent.partition(":")[0]
            raise rejected(path, f"is an id of the CRM {crm!r}; only a source with `crm: {crm}` may send those")
        return sent


def crms(names: Iterable[str]) -> dict[str, Crm]:
    """Each of the configured CRMs, by its name."""
    found = dict.fromkeys(names)
    return {name: Crm(name, tuple(f"{other}:" for other in found if other not in (name, DEFAULT))) for name in found}
