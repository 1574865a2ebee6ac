"""What the lifecycle must come to, computed the plain way: from the whole set of events at once, nothing incremental.

It shares the fold with the product and nothing of how a batch is applied: no cache, no stored state, no merging.
"""

from collections.abc import Iterable
from typing import Any

from services.lifecycle.batch.evidence import claims_of, signals_of
from services.lifecycle.domain.accounts.claims import Book, Claim, Object, claimed, named
from services.lifecycle.domain.collect import ACCOUNT, strong_keys
from services.lifecycle.domain.identity.links import WEAK, Groups, Key, Link, runs_of
from services.lifecycle.domain.identity.person import life, portrait
from services.lifecycle.domain.stages.fold import Signal
from services.lifecycle.domain.stages.rules import Lifecycle
from shared.accounts import account_key
from shared.bots import is_bot
from shared.events.deal import Deal
from shared.events.lead_action import LeadAction
from shared.events.touchpoint import Touchpoint


def lives(events: Iterable[object], config: Lifecycle) -> dict[frozenset[tuple[Any, ...]], Any]:
    """Per person, named by its identifiers with their spans: account, score, cycle, answers, transitions."""
    seen: dict[Key, set[tuple[Any, str]]] = {}
    links: dict[str, set[Link]] = {}
    pairs: set[tuple[Key, Key]] = set()
    signals: set[tuple[Key, Signal]] = set()
    acts: dict[str, Any] = {}
    claims: dict[tuple[Key, str, str], tuple[Any, str, str]] = {}
    objects: dict[Any, Object] = {}
    deals: dict[str, Deal] = {}

    def notice(keys: list[Key], when: Any, event_id: str) -> None:
        for key in keys:
            seen.setdefault(key, set()).add((when, event_id))
        pairs.update((keys[0], other) for other in keys[1:] if other[0] != WEAK)

    def claim(subject: Key, rule: str, ref: str, key: str, when: Any, event_id: str) -> None:
        first = (when, event_id, key)
        claims[subject, rule, ref] = min(claims.get((subject, rule, ref), first), first)

    def name(account: Any, when: Any, event_id: str) -> None:
        one = Object(named(account), when, event_id, account.name)
        known = objects.get(one.named)
        if any(one.named) and (known is None or (when, event_id) < (known.at, known.event_id)):
            objects[one.named] = one

    def act(event: Any, subject: Key, signal: Signal) -> None:
        this = (event.received_at, event.position, subject, str(signal), signal)
        acts[signal.id] = min(acts.get(signal.id, this), this, key=lambda one: one[:4])

    for event in events:
        if isinstance(event, Touchpoint):
            if is_bot(event.user_agent):
                continue
            when, event_id = event.occurred_at, event.touchpoint_id
            strong = strong_keys(event.email, event.user_id, event.ids)
            keys = [*strong, (WEAK, event.anonymous_id)] if event.anonymous_id else strong
            notice(keys, when, event_id)
            if strong and event.anonymous_id:
                links.setdefault(event.anonymous_id, set()).add(Link(when, event_id, strong[0]))
            if event.kind in config.touch_signals and event.consent != "denied":
                act(event, keys[0], Signal(when, event_id, event.kind))
            if event.account and (found := claimed(event.account, event.group_call)):
                claim(keys[0], found[0], found[1], found[1], when, event_id)
                name(event.account, when, event_id)
        elif isinstance(event, Deal):
            for contact in event.contacts:
                notice([("email", contact)], event.created_at, f"deal:{event.deal_id}")
            if event.account and account_key(event.account.id, event.account.domain, event.account.name):
                name(event.account, event.created_at, f"deal:{event.deal_id}")
            known = deals.get(event.deal_id)
            if known is None or event.updated_at > known.updated_at:
                deals[event.deal_id] = event
        elif isinstance(event, LeadAction):
            keys = strong_keys(event.email, event.user_id, {})
            event_id = f"action:{event.action_id}"
            notice(keys, event.occurred_at, event_id)
            act(
                event, keys[0], Signal(event.occurred_at, event_id, f"action:{event.action}", event.reason, event.owner)
            )
    signals.update((subject, signal) for _, _, subject, _, signal in acts.values())
    for deal in deals.values():
        signals.update(signals_of(deal))
        for row in claims_of(deal):
            claim(*row)

    groups = Groups()
    for one, other in pairs:
        groups.join(one, other)
    people: dict[object, dict[Key, Any]] = {}
    for key, sights in seen.items():
        if key[0] != WEAK:
            people.setdefault(groups.find(key), {})[key] = min(sights)
    runs = {value: runs_of(of) for value, of in links.items()}
    weak = {key[1]: (min(sights), runs.get(key[1], ())) for key, sights in seen.items() if key[0] == WEAK}
    evidence = [(subject, Claim(rule, key, when, id)) for (subject, rule, _), (when, id, key) in claims.items()]
    linked = {value: facts for value, facts in weak.items() if facts[1]}
    portraits = [portrait(strong, linked, evidence) for strong in people.values()]
    portraits += [portrait({}, {value: facts}, evidence) for value, facts in weak.items() if not facts[1]]

    book = Book(objects.values())
    result = {}
    for who in portraits:
        account = book.resolve(who.claim.key) if who.claim else None
        of_account = [
            signal for (kind, key), signal in signals
            if kind == ACCOUNT and account and book.resolve(key).account_id == account.account_id
        ]  # fmt: skip
        folded = life(who, [s for s in signals if s[0][0] != ACCOUNT], of_account, config)
        name_of = {(*key, None, None) for key in who.strong}
        name_of |= {(WEAK, value, *span) for value, spans in who.spans.items() for span in spans}
        result[frozenset(name_of)] = (
            account and who.claim and (account.account_id, who.claim.rule, account.domain, account.name),
            folded.state.stage,
            folded.state.score,
            folded.state.cycle,
            folded.state.lead_created,
            who.email,
            who.first_seen[0],
            {cycle: (r.mql_at, r.contacted_at, r.decided_at, r.decision, r.reason)
             for cycle, r in folded.state.answers.items()},
            sorted(folded.transitions, key=str),
        )  # fmt: skip
    return result
