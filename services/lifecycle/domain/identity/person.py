"""A person put together from stored facts: what is theirs, when, of which company, and the life folded from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.accounts.claims import Claim, Spell, spells
from services.lifecycle.domain.identity.links import WEAK, Key, Runs, Span, spans_of, within
from services.lifecycle.domain.stages.fold import Folded, fold
from services.lifecycle.domain.stages.rules import IDENTIFIED, SEEN, Lifecycle
from services.lifecycle.domain.stages.state import Signal
from shared.accounts import email_domain
from shared.events.person import IdentifierSpan, Membership, Person, PersonAccount

MOST_SPANS = 2000
"""Spans of identifiers in one people event, the strong ones first: with longer ones Kafka would not take it."""

MOST_SHARED = 50
"""Shared identifiers told on one person."""

First = tuple[datetime, str]
ALWAYS = Span(None, None)


class Portrait(NamedTuple):
    """A person without their life. `spans`: when each weak identifier was theirs. `identified`: None when anonymous."""

    strong: Mapping[Key, First]
    spans: Mapping[str, list[Span]]
    first_seen: First
    identified: First | None
    spells: Sequence[Spell]
    shared: Collection[Key] = ()

    @property
    def email(self) -> str | None:
        """The email seen first."""
        return min(((first, key[1]) for key, first in self.strong.items() if key[0] == "email"), default=("", None))[1]

    def owns(self, subject: Key, at: datetime) -> bool:
        """Whether what `subject` did at this moment was done by this person."""
        return subject in self.strong or (subject[0] == WEAK and within(self.spans.get(subject[1], ()), at))


def portrait(
    strong: Mapping[Key, First],
    weak: Mapping[str, tuple[First, Runs]],
    claims: Iterable[tuple[Key, Claim]],
    shared: Collection[Key] = (),
    trusted: Collection[Key] = (),
) -> Portrait:
    """The person of these strong identifiers; `weak` are those ever theirs, or a lone one; `shared` say nothing.

    `trusted` are the strong ones that a secret key attests: their domains count as trusted evidence.
    """
    spans = {value: spans_of(runs, strong) if runs else [ALWAYS] for value, (_, runs) in weak.items()}
    spans = {value: owned for value, owned in spans.items() if owned}
    # A weak identifier's earliest touch belongs to its first owner, and to nobody else.
    firsts = [weak[value][0] for value, owned in spans.items() if owned[0].since is None]
    identified = min(strong.values(), default=None)
    who = Portrait(strong, spans, min([*strong.values(), *firsts]), identified, (), shared)
    own = [claim for subject, claim in claims if who.owns(subject, claim.at)]
    for (kind, value), first in strong.items():
        if kind == "email" and (domain := email_domain(value)):
            own.append(Claim("domain", f"domain:{domain}", *first, (kind, value) in trusted))
    return who._replace(spells=spells(own))


def life(who: Portrait, signals: Iterable[tuple[Key, Signal]], account: Iterable[Signal], config: Lifecycle) -> Folded:
    """The whole fold of a person: their own signals, and those of their whole account."""
    return fold(*told(who, signals, account), config)


def told(
    who: Portrait, signals: Iterable[tuple[Key, Signal]], account: Iterable[Signal]
) -> tuple[Signal, list[Signal]]:
    """What a person's life is folded from: the first sight, and all signals that count for them."""
    own = [signal for subject, signal in signals if who.owns(subject, signal.at)]
    own += account
    if who.identified is not None:
        own.append(Signal(*who.identified, IDENTIFIED))
    return Signal(*who.first_seen, SEEN), own


def event(
    person_id: str, version: int, who: Portrait, companies: Sequence[Membership], lead_created: First | None
) -> Person:
    """The people event of a person."""
    identifiers = [IdentifierSpan(kind, value) for kind, value in sorted(who.strong)]
    identifiers += [
        IdentifierSpan(WEAK, value, span.since, span.until) for value in sorted(who.spans) for span in who.spans[value]
    ]
    shared = tuple(IdentifierSpan(kind, value) for kind, value in sorted(who.shared)[:MOST_SHARED])
    now = companies[-1] if companies else None
    belongs = PersonAccount(now.account_id, now.rule, now.domain, now.name) if now else None
    at, by = lead_created or (None, None)
    return Person(
        person_id, version, tuple(identifiers[:MOST_SPANS]), belongs, lead_created_at=at, lead_created_by=by,
        memberships=tuple(companies), shared=shared,
    )  # fmt: skip
