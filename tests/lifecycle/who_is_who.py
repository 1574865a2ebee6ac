"""Who is who, the plain way: from all events at once, by searching graphs. It shares no code with the product."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from shared.bots import is_bot
from shared.events.deal import Deal
from shared.events.lead_action import LeadAction
from shared.events.touchpoint import Touchpoint

Name = tuple[str, str]
BROWSER = "anonymous_id"


@dataclass
class Somebody:
    """One person: strong identifiers and lone browsers with their first sight, browsers with their spans."""

    strong: dict[Name, tuple[datetime, str]] = field(default_factory=dict)
    spans: dict[str, list[tuple[datetime | None, datetime | None]]] = field(default_factory=dict)
    first_seen: tuple[datetime, str] = (datetime.max.replace(tzinfo=UTC), "")
    shared: set[Name] = field(default_factory=set)

    def did(self, name: Name, when: datetime) -> bool:
        """Whether what was done under a name at a moment was done by this person."""
        if name[0] != BROWSER:
            return name in self.strong
        return any((a is None or a <= when) and (b is None or when < b) for a, b in self.spans.get(name[1], []))


def began_of(deal: Deal) -> datetime:
    """When a version of a deal says that it began: a deal that is over began before it was."""
    known = [deal.updated_at] + [deal.closed_at] * (deal.status != "open" and deal.closed_at is not None)
    return deal.created_at or min(at for at in known if at)


def names_of(event: Any) -> list[Name]:
    """The strong identifiers of a touchpoint or action, the strongest first."""
    names = [("email", event.email), ("user_id", event.user_id)]
    if (previous := getattr(event, "previous_id", None)) != event.user_id:
        names.append(("user_id", previous))
    names += [(f"crm:{provider}", id) for provider, id in sorted(getattr(event, "ids", {}).items())]
    return [name for name in names if name[1]][:10]


class Evidence:
    """What a set of events says about who was seen when and with whom."""

    def __init__(self, events: Iterable[object]) -> None:
        self.seen: dict[Name, set[tuple[datetime, str]]] = defaultdict(set)
        self.pairs: dict[frozenset[Name], list[tuple[datetime, str, bool]]] = defaultdict(list)
        self.attested: dict[Name, int] = defaultdict(int)
        receipts: dict[tuple[str, str], Any] = {}
        for event in events:
            if isinstance(event, Deal):
                when = began_of(event)
                for contact in event.contacts:
                    self._see([("email", contact)], when, f"deal:{event.deal_id}", 2)
                continue
            if isinstance(event, Touchpoint):
                if is_bot(event.user_agent):
                    continue
                level = 2 if event.trusted else 1 if event.kind in ("form_submit", "product_signup") else 0
                id, names, browser = event.touchpoint_id, names_of(event), event.anonymous_id
            else:
                assert isinstance(event, LeadAction)
                id, names, level, browser = f"action:{event.action_id}", names_of(event), 2, None
            self._see(names, event.occurred_at, id, level)
            if browser:
                self.seen[BROWSER, browser].add((event.occurred_at, id))
                if names:
                    receipt = (event.received_at, event.position, event.occurred_at, *names[0])
                    receipts[browser, id] = min(receipts.get((browser, id), receipt), receipt)
        self.timelines: dict[str, list[tuple[datetime, str, Name]]] = defaultdict(list)
        for (browser, id), (_, _, when, kind, value) in receipts.items():
            self.timelines[browser].append((when, id, (kind, value)))
        for timeline in self.timelines.values():
            timeline.sort()

    def _see(self, names: list[Name], when: datetime, id: str, level: int) -> None:
        for name in names:
            self.seen[name].add((when, id))
            self.attested[name] = max(self.attested[name], level)
            for other in names:
                if other != name:
                    self.pairs[frozenset((name, other))].append((when, id, level == 2))


def who_is_who(events: Iterable[object], bounds: Any) -> list[Somebody]:
    """Everybody, and what is theirs."""
    evidence = Evidence(events)
    strong = [name for name in evidence.seen if name[0] != BROWSER]
    shared = _shared(strong, evidence, bounds.most)
    people = []
    for group in _groups(strong, evidence, shared, bounds):
        person = Somebody({name: min(evidence.seen[name]) for name in group})
        for name in group:
            if shared[name]:
                person.shared.add(name)
            else:
                person.shared |= {o for pair in evidence.pairs if name in pair for o in pair if shared[o]}
        people.append(person)
    _give_browsers(people, evidence, shared, bounds)
    for person in people:
        firsts = list(person.strong.values())
        firsts += [min(evidence.seen[BROWSER, b]) for b, spans in person.spans.items() if spans[0][0] is None]
        person.first_seen = min(firsts)
    return people


def _class(name: Name) -> str:
    return name[0].split(":")[0]


def _shared(strong: list[Name], evidence: Evidence, most: int) -> dict[Name, int]:
    """0: counts; 1: its public links do not; 2: none of its links does."""
    result = {}
    for name in strong:
        every: dict[str, int] = defaultdict(int)
        sure: dict[str, int] = defaultdict(int)
        for pair, proofs in evidence.pairs.items():
            if name in pair:
                (other,) = pair - {name}
                every[_class(other)] += 1
                sure[_class(other)] += any(trusted for *_, trusted in proofs)
        result[name] = 2 if max(sure.values(), default=0) > most else int(max(every.values(), default=0) > most)
    return result


def _reach(start: Name, graph: dict[Name, set[Name]]) -> set[Name]:
    found, waiting = {start}, [start]
    while waiting:
        for other in graph[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found


def _parts(names: Iterable[Name], graph: dict[Name, set[Name]]) -> Iterator[set[Name]]:
    left = set(names)
    while left:
        part = _reach(next(iter(left)), graph)
        left -= part
        yield part


def _groups(strong: list[Name], evidence: Evidence, shared: dict[Name, int], bounds: Any) -> list[set[Name]]:
    sure: dict[Name, set[Name]] = defaultdict(set)
    hearsay: list[tuple[datetime, str, Name, Name]] = []
    said: dict[Name, set[Name]] = defaultdict(set)  # public partners, of identifiers whose public links count
    for pair, proofs in evidence.pairs.items():
        one, other = sorted(pair)
        if any(trusted for *_, trusted in proofs):
            if shared[one] < 2 and shared[other] < 2:
                sure[one].add(other)
                sure[other].add(one)
            continue
        for a, b in ((one, other), (other, one)):
            if not shared[a]:
                said[a].add(b)
        if not shared[one] and not shared[other]:
            when, id, _ = min(proofs)
            hearsay.append((when, id, one, other))
    kernels: list[set[Name]] = []
    for part in _parts(strong, sure):
        kernels += [part] if len(part) <= bounds.most_joined else [{name} for name in part]
    kernel_of = {name: index for index, kernel in enumerate(kernels) for name in kernel}
    certain = {
        index
        for index, kernel in enumerate(kernels)
        if any(evidence.attested[name] and _class(name) in ("email", "crm") for name in kernel)
    }
    deaf = set()
    for index, kernel in enumerate(kernels):
        partners = set().union(*(said[name] for name in kernel)) - kernel
        if any(sum(_class(p) == c for p in partners) > bounds.most for c in ("email", "user_id", "crm")):
            deaf.add(index)
    hearsay = [h for h in sorted(hearsay) if not {kernel_of[h[2]], kernel_of[h[3]]} & deaf]
    loose: dict[Name, set[Name]] = defaultdict(set)
    for index, kernel in enumerate(kernels):
        if index not in certain:
            for name in kernel:
                loose[name] |= kernel
    for _, _, one, other in hearsay:
        if not {kernel_of[one], kernel_of[other]} & certain:
            loose[one].add(other)
            loose[other].add(one)
    too_many = {
        name
        for part in _parts([n for n in strong if kernel_of[n] not in certain], loose)
        if len(part) > bounds.most_joined
        for name in part
        if len(part) > len(kernels[kernel_of[name]])
    }
    label = {name: kernel_of[name] for name in strong}
    for _, _, one, other in hearsay:
        left, right = label[one], label[other]
        if left == right or {one, other} & too_many:
            continue
        together = [name for name in strong if label[name] in (left, right)]
        if len({kernel_of[name] for name in together} & certain) < 2:
            for name in together:
                label[name] = left
    people: dict[int, set[Name]] = defaultdict(set)
    for name, index in label.items():
        people[index].add(name)
    return list(people.values())


def _give_browsers(people: list[Somebody], evidence: Evidence, shared: dict[Name, int], bounds: Any) -> None:
    owner = {name: person for person in people for name in person.strong}
    browsers_of: dict[Name, set[str]] = defaultdict(set)
    for browser, timeline in evidence.timelines.items():
        for _, _, name in timeline:
            browsers_of[name].add(browser)

    def counts(name: Name) -> bool:
        if len(browsers_of[name]) > bounds.most_browsers or shared[name] == 2:
            return False
        return not shared[name] or evidence.attested[name] > 0

    for kind, browser in list(evidence.seen):
        if kind != BROWSER:
            continue
        timeline = evidence.timelines.get(browser, [])
        changes = sum(a[2] != b[2] for a, b in pairwise(timeline))
        if changes > bounds.most_hands:
            for name in {name for _, _, name in timeline if counts(name)}:
                owner[name].shared.add((BROWSER, browser))
            continue
        starts: list[tuple[datetime, Somebody]] = []
        for when, _, name in timeline:
            if counts(name):
                if starts and starts[-1][0] == when:
                    starts.pop()
                starts.append((when, owner[name]))
        if not starts:
            people.append(Somebody(spans={browser: [(None, None)]}))
            continue
        cuts: list[tuple[datetime | None, Somebody]] = [(None, starts[0][1])]
        for when, person in starts[1:]:
            if cuts[-1][1] is not person:
                cuts.append((when, person))
        ends = [when for when, _ in cuts[1:]] + [None]
        for (since, person), until in zip(cuts, ends, strict=True):
            person.spans.setdefault(browser, []).append((since, until))
