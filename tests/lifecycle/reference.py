"""What the lifecycle must come to, computed the plain way: from the whole set of events at once, nothing incremental.

It shares the fold with the product and nothing of how a batch is applied: no cache, no stored state, no merging.
"""

from collections.abc import Iterable
from typing import Any

from services.lifecycle.batch.evidence import claims_of, signals_of
from services.lifecycle.domain.accounts.claims import Book, Claim, Object, best, claimed, named
from services.lifecycle.domain.collect import ACCOUNT, strong_keys
from services.lifecycle.domain.identity.links import WEAK, Key
from services.lifecycle.domain.identity.strong import DEFAULT_BOUNDS, Bounds
from services.lifecycle.domain.stages.fold import Signal, fold
from services.lifecycle.domain.stages.rules import IDENTIFIED, SEEN, Lifecycle
from shared.accounts import account_key, email_domain
from shared.bots import is_bot
from shared.events.deal import Deal
from shared.events.lead_action import LeadAction
from shared.events.touchpoint import Touchpoint
from tests.lifecycle.who_is_who import who_is_who


def lives(
    events: Iterable[object], config: Lifecycle, bounds: Bounds = DEFAULT_BOUNDS
) -> dict[frozenset[tuple[Any, ...]], Any]:
    """Per person, named by its identifiers with their spans: account, score, cycle, answers, transitions."""
    events = list(events)
    signals: set[tuple[Key, Signal]] = set()
    acts: dict[str, Any] = {}
    claims: dict[tuple[Key, str, str], tuple[Any, str, str]] = {}
    objects: dict[Any, Object] = {}
    deals: dict[str, Deal] = {}

    def claim(subject: Key, rule: str, ref: str, key: str, when: Any, event_id: str) -> None:
        first = (when, event_id, key)
        claims[subject, rule, ref] = min(claims.get((subject, rule, ref), first), first)

    def name(account: Any, when: Any, event_id: str) -> None:
        one = Object(named(account), when, event_id, account.name)
        known = objects.get(one.named)
        if any(one.named) and (known is None or (when, event_id) < (known.at, known.event_id)):
            objects[one.named] = one

    def act(event: Any, subject: Key, signal: Signal) -> None:
        this = (event.received_at, event.position, subject, (signal.at, str(signal)), signal)
        acts[signal.id] = min(acts.get(signal.id, this), this, key=lambda one: one[:4])

    for event in events:
        if isinstance(event, Touchpoint):
            if is_bot(event.user_agent):
                continue
            when, event_id = event.occurred_at, event.touchpoint_id
            strong = strong_keys(event.email, event.user_id, event.ids)
            keys = [*strong, (WEAK, event.anonymous_id)] if event.anonymous_id else strong
            if event.kind in config.touch_signals and event.consent != "denied":
                act(event, keys[0], Signal(when, event_id, event.kind))
            if event.account and (found := claimed(event.account, event.group_call)):
                claim(keys[0], found[0], found[1], found[1], when, event_id)
                name(event.account, when, event_id)
        elif isinstance(event, Deal):
            if event.account and account_key(event.account.id, event.account.domain, event.account.name):
                name(event.account, event.created_at, f"deal:{event.deal_id}")
            known = deals.get(event.deal_id)
            if known is None or event.updated_at > known.updated_at:
                deals[event.deal_id] = event
        elif isinstance(event, LeadAction):
            keys = strong_keys(event.email, event.user_id, {})
            event_id = f"action:{event.action_id}"
            act(
                event, keys[0], Signal(event.occurred_at, event_id, f"action:{event.action}", event.reason, event.owner)
            )
    signals.update((subject, signal) for _, _, subject, _, signal in acts.values())
    for deal in deals.values():
        signals.update(signals_of(deal))
        for row in claims_of(deal):
            claim(*row)

    book = Book(objects.values())
    result = {}
    for who in who_is_who(events, bounds):
        mine = [Claim(rule, key, when, id) for (subject, rule, _), (when, id, key) in claims.items()
                if who.did(subject, when)]  # fmt: skip
        mine += [Claim("domain", f"domain:{domain}", *first) for (kind, value), first in who.strong.items()
                 if kind == "email" and (domain := email_domain(value))]  # fmt: skip
        decides = best(mine)
        account = book.resolve(decides.key) if decides else None
        of_account = [
            signal for (kind, key), signal in signals
            if kind == ACCOUNT and account and book.resolve(key).account_id == account.account_id
        ]  # fmt: skip
        own = [signal for subject, signal in signals if subject[0] != ACCOUNT and who.did(subject, signal.at)]
        if who.strong:
            own.append(Signal(*min(who.strong.values()), IDENTIFIED))
        folded = fold(Signal(*who.first_seen, SEEN), own + of_account, config)
        name_of = {(*name, None, None) for name in who.strong}
        name_of |= {(WEAK, value, *span) for value, spans in who.spans.items() for span in spans}
        result[frozenset(name_of)] = (
            account and decides and (account.account_id, decides.rule, account.domain, account.name),
            folded.state.stage,
            folded.state.score,
            folded.state.cycle,
            folded.state.lead_created,
            min((first, name[1]) for name, first in who.strong.items() if name[0] == "email")[1]
            if any(kind == "email" for kind, _ in who.strong)
            else None,
            who.first_seen[0],
            {cycle: (r.mql_at, r.contacted_at, r.decided_at, r.decision, r.reason)
             for cycle, r in folded.state.answers.items()},
            sorted(folded.transitions, key=str),
            frozenset(who.shared),
        )  # fmt: skip
    return result
