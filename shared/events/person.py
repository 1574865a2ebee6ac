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


class Membership(msgspec.Struct, omit_defaults=True, frozen=True):
    """The company a person belonged to from `since` (inclusive) to `until` (exclusive); None is without end.

    `account_id` is the company's id, else `domain:<domain>`, else `name:<name>`; `rule` is what decided.
    """

    account_id: str
    rule: str
    domain: str | None = None
    name: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Person(msgspec.Struct, omit_defaults=True, frozen=True):
    """The whole of a person; the highest `version` of a person_id wins.

    A merged person keeps its id, has `merged_into` set and no identifiers of its own.
    `memberships` are the companies of the person in time, without overlap, the first one also for all before; `account`
    is the one now. A person also belongs, always, to the company of their own email's domain.
    `lead_created_at` is when the person first ever became a lead (None before), by the event `lead_created_by`: what
    attribution's lead_created position needs, with what breaks a tie.
    `shared` are identifiers of this person that too many people use: no link through them counts.
    """

    person_id: str
    version: int
    identifiers: tuple[IdentifierSpan, ...] = ()
    account: PersonAccount | None = None
    merged_into: str | None = None
    lead_created_at: datetime | None = None
    lead_created_by: str | None = None
    memberships: tuple[Membership, ...] = ()
    shared: tuple[IdentifierSpan, ...] = ()
