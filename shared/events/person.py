"""One person as known now, on the `people` topic. Lifecycle is the only producer."""

from datetime import datetime

import msgspec


class IdentifierSpan(msgspec.Struct, omit_defaults=True, frozen=True):
    """An identifier that is this person's from `since` (inclusive) to `until` (exclusive); None is without end.

    Strong identifiers are a person's for all time. A weak one (anonymous_id) may change hands: see DESIGN section 8.
    """

    kind: str
    value: str
    since: datetime | None = None
    until: datetime | None = None


class PersonAccount(msgspec.Struct, omit_defaults=True, frozen=True):
    """The person's company and the rule that decided it: explicit, group, deal, domain or name."""

    account_id: str
    rule: str
    domain: str | None = None
    name: str | None = None


class Person(msgspec.Struct, omit_defaults=True, frozen=True):
    """The whole of a person; the highest `version` of a person_id wins.

    A merged person keeps its id, has `merged_into` set and no identifiers of its own.
    `lead_created_at` is when the present pass became a lead the first time (None before), which attribution's
    lead_created position needs.
    """

    person_id: str
    version: int
    identifiers: tuple[IdentifierSpan, ...] = ()
    account: PersonAccount | None = None
    merged_into: str | None = None
    lead_created_at: datetime | None = None
