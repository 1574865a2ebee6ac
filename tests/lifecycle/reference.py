"""What the lifecycle must come to, computed the plain way: from the whole set of events at once, nothing incremental.

It shares the fold of stages with the product, which has a reference of its own (stage_reference.py), and nothing else:
who is who and who belongs where are worked out in who_is_who.py and companies.py.
"""

from collections.abc import Iterable
from typing import Any

from services.lifecycle.domain.identity.strong import DEFAULT_BOUNDS, Bounds
from services.lifecycle.domain.stages.fold import fold
from services.lifecycle.domain.stages.rules import IDENTIFIED, SEEN, Lifecycle
from services.lifecycle.domain.stages.state import Signal
from shared.accounts import account_key
from shared.bots import is_bot
from shared.events.lead_action import LeadAction
from shared.events.touchpoint import Touchpoint
from tests.lifecycle.companies import Companies, latest
from tests.lifecycle.who_is_who import BROWSER, Name, Somebody, began_of, names_of, who_is_who


def lives(
    events: Iterable[object], config: Lifecycle, bounds: Bounds = DEFAULT_BOUNDS
) -> dict[frozenset[tuple[Any, ...]], Any]:
    """Per person, named by its identifiers with their spans: account, score, cycle, answers, transitions."""
    events = list(events)
    companies = Companies(events)
    signals, of_companies = _signals(events, config)
    result = {}
    for who in who_is_who(events, bounds):
        belongs = companies.of(who)
        own = [signal for subject, signal in signals if who.did(subject, signal.at)]
        for key, signal in of_companies:
            there = next((m.account_id for m in belongs if m.until is None or signal.at < m.until), None)
            own += [signal] if there == companies.resolve(key)[0] else []
        if who.strong:
            own.append(Signal(*min(who.strong.values()), IDENTIFIED))
        folded = fold(Signal(*who.first_seen, SEEN), own, config)
        name_of: set[tuple[Any, ...]] = {(*name, None, None) for name in who.strong}
        name_of |= {(BROWSER, value, *span) for value, spans in who.spans.items() for span in spans}
        result[frozenset(name_of)] = (
            belongs,
            folded.state.stage,
            folded.state.score,
            folded.state.cycle,
            folded.state.lead_created,
            _email(who),
            who.first_seen[0],
            {cycle: (r.mql_at, r.contacted_at, r.decided_at, r.decision, r.reason)
             for cycle, r in folded.state.answers.items()},
            sorted(folded.transitions, key=str),
            frozenset(who.shared),
        )  # fmt: skip
    return result


def _email(who: Somebody) -> str | None:
    emails = [(first, name[1]) for name, first in who.strong.items() if name[0] == "email"]
    return min(emails)[1] if emails else None


def _signals(events: Iterable[object], config: Lifecycle) -> tuple[list[tuple[Name, Signal]], list[tuple[str, Signal]]]:
    """What people did, each act once; and what happened to everybody of a company."""
    acts: dict[str, tuple[Any, ...]] = {}
    events = list(events)
    for event in events:
        if isinstance(event, Touchpoint):
            if is_bot(event.user_agent) or event.consent == "denied" or event.kind not in config.touch_signals:
                continue
            signal = Signal(event.occurred_at, event.touchpoint_id, event.kind)
            subject = (*names_of(event), (BROWSER, event.anonymous_id or ""))[0]
        elif isinstance(event, LeadAction):
            id, kind = f"action:{event.action_id}", f"action:{event.action}"
            signal, subject = Signal(event.occurred_at, id, kind, event.reason, event.owner), names_of(event)[0]
        else:
            continue
        receipt = (event.received_at, event.position, subject, signal.at, str(signal), signal)
        acts[signal.id] = min(acts.get(signal.id, receipt), receipt, key=lambda one: one[:5])
    signals = [(act[2], act[5]) for act in acts.values()]
    of_companies = []
    for deal in latest(events):
        began = began_of(deal)
        made = [Signal(began, f"deal:{deal.deal_id}:1open", "deal:open", deal_id=deal.deal_id)]
        if deal.status != "open":
            closed = max(deal.closed_at or deal.updated_at, began)
            made.append(Signal(closed, f"deal:{deal.deal_id}:2closed", f"deal:{deal.status}", deal_id=deal.deal_id))
        if deal.contacts:
            signals += [(("email", contact), signal) for contact in deal.contacts for signal in made]
        elif deal.account and (key := account_key(deal.account.id, deal.account.domain, deal.account.name)):
            of_companies += [(key, signal) for signal in made]
    return signals, of_companies
