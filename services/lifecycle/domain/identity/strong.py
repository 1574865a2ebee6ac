"""Which strong identifiers are one person: a pure function of the links between them, so order does not matter.

1. A link counts unless one of its ends is **shared**: an identifier with more than `most` partners of one kind. What is
   shared when public links are counted too joins nobody by public links; what is shared by trusted links alone joins
   nobody at all. So nobody can cut what trusted evidence joined by sending links of their own.
2. What trusted links join is a **kernel**. It is known when it holds an email or a CRM id that is attested: by a secret
   key, or by the person's own form.
3. Public links join kernels, in the order of (time, event id), except that two known ones never become one. Such a link
   is a suggestion.
4. Nothing grows without bound: a kernel, or a cluster of unknown kernels, of more than `most_joined` identifiers falls
   apart into what it is made of, and a kernel with more than `most` public partners of one kind takes none of them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.identity.groups import Groups
from services.lifecycle.domain.identity.links import Key

PUBLIC, ALL = 1, 2
"""How much of an identifier is shared: its public links, or all of them."""

FORM, SECRET = 1, 2
"""By what an identifier is attested: by its owner's own form, or by a secret key."""

EMAIL = "email"
CRM = "crm"


class Bounds(NamedTuple):
    """How many may share an identifier before it says nothing; docs/configuration.md explains each."""

    most: int = 10
    most_hands: int = 50
    most_browsers: int = 1000
    most_joined: int = 50


DEFAULT_BOUNDS = Bounds()


class StrongLink(NamedTuple):
    """Two strong identifiers were in one event: the first such event; `trusted` when any came with a secret key."""

    one: Key
    other: Key
    at: datetime
    event_id: str
    trusted: bool

    def beyond(self, end: Key) -> Key:
        """The other end."""
        return self.other if self.one == end else self.one


class Known(NamedTuple):
    """What the evidence says of a strong identifier: how much of it is shared, and whether it is attested."""

    shared: int = 0
    attested: int = 0


class Joined(NamedTuple):
    """Who is one person; and the links that were not followed, since both ends are known to be somebody."""

    groups: list[set[Key]]
    suggested: set[StrongLink]


def kind_of(identifier: Key) -> str:
    """The kind partners are counted by: the ids of all CRMs are of one kind."""
    kind = identifier[0]
    return CRM if kind.startswith("crm:") else kind


def shared(partners: Iterable[tuple[Key, bool]], most: int) -> int:
    """How much of an identifier with these (partner, trusted) is shared."""
    every, trusted = Counter[str](), Counter[str]()
    for partner, is_trusted in partners:
        every[kind_of(partner)] += 1
        trusted[kind_of(partner)] += is_trusted
    if any(count > most for count in trusted.values()):
        return ALL
    return PUBLIC if any(count > most for count in every.values()) else 0


def counts(link: StrongLink, known: Mapping[Key, Known]) -> bool:
    """Whether a link joins anybody; both ends must be known."""
    limit = ALL if link.trusted else PUBLIC
    return known[link.one].shared < limit and known[link.other].shared < limit


def is_anchor(identifier: Key, known: Known) -> bool:
    """Whether this identifier makes its kernel a known one."""
    return bool(known.attested) and kind_of(identifier) in (EMAIL, CRM)


class Kernels:
    """What trusted links join among the identifiers looked at so far, and what public links make of it.

    All links of each identifier in `known` must be given (of one that is shared the trusted ones are enough); their far
    ends need not be known. `missing` says what must be looked at before `join` is right for some of them.
    """

    def __init__(self, known: Mapping[Key, Known], links: Collection[StrongLink], bounds: Bounds) -> None:
        self._bounds = bounds
        self._facts = known
        self._links = links
        inside = [link for link in links if link.one in known and link.other in known and counts(link, known)]
        self._of: dict[Key, Key] = {}
        self._members: dict[Key, set[Key]] = {}
        self._too_large: set[Key] = set()
        self._find(inside)
        self._known = {self._of[i] for i, facts in known.items() if is_anchor(i, facts)}
        self._crowded = self._find_crowded()
        self._public = sorted(
            (
                link
                for link in inside
                if not link.trusted and not self._crowded & {self._of[link.one], self._of[link.other]}
            ),
            key=lambda link: (link.at, link.event_id, link.one, link.other),
        )
        self._clusters = self._find_clusters()

    def missing(self, seeds: Iterable[Key]) -> set[Key]:
        """The identifiers to look at before it is certain what became of the `seeds`.

        A kernel is always followed to its end. Public links are followed from the seeds' kernels and through unknown
        ones; a known kernel met on the way is an end: whatever else hangs on it stays there.
        """
        core = self._core(seeds)
        far: set[Key] = set()
        for link in self._links:
            for end, beyond in ((link.one, link.other), (link.other, link.one)):
                if beyond in self._facts or end not in self._facts:
                    continue
                name, shared = self._of[end], self._facts[end].shared
                if link.trusted:
                    follows = shared < ALL and end not in self._too_large
                else:
                    follows = shared < PUBLIC and (name in core or name not in self._known)
                    follows = follows and name not in self._crowded and not self._bursts(name)
                if follows:
                    far.add(beyond)
        return far

    def join(self) -> Joined:
        """Who is one person."""
        people = Groups[Key]()
        somebody = set(self._known)
        suggested: set[StrongLink] = set()
        for link in self._public:
            one, other = self._of[link.one], self._of[link.other]
            if self._bursts(one) or self._bursts(other):
                continue
            one, other = people.find(one), people.find(other)
            if one in somebody and other in somebody:
                if one != other:
                    suggested.add(link)
                continue
            if {one, other} & somebody:
                somebody |= {one, other}
            people.join(one, other)
        return Joined([self._within(each) for each in people.of(self._members)], suggested)

    def large(self) -> set[Key]:
        """The identifiers that are apart since they would be too many together."""
        bursting = [cluster for name, cluster in self._clusters.items() if self._bursts(name)]
        return self._too_large.union(*bursting)

    def ends(self, seeds: Iterable[Key]) -> set[Key]:
        """The identifiers of known kernels without a seed: more may hang on them than was looked at."""
        return self._within(self._known - self._core(seeds))

    def _core(self, seeds: Iterable[Key]) -> set[Key]:
        return {self._of[seed] for seed in seeds if seed in self._of}

    def _find(self, inside: Iterable[StrongLink]) -> None:
        joined = Groups[Key]()
        for link in inside:
            if link.trusted:
                joined.join(link.one, link.other)
        for group in joined.of(self._facts):
            apart = len(group) > self._bounds.most_joined
            if apart:
                self._too_large |= group
            for each in [{identifier} for identifier in group] if apart else [group]:
                name = min(each)
                self._members[name] = each
                self._of |= dict.fromkeys(each, name)

    def _find_crowded(self) -> set[Key]:
        """The kernels with more than `most` public partners of one kind."""
        partners: dict[Key, set[Key]] = {}
        for link in self._links:
            for end, partner in () if link.trusted else ((link.one, link.other), (link.other, link.one)):
                facts = self._facts.get(end)
                if facts is not None and facts.shared < PUBLIC and self._of.get(partner) != self._of[end]:
                    partners.setdefault(self._of[end], set()).add(partner)
        most = self._bounds.most
        return {
            name
            for name, each in partners.items()
            if len(each) > most and max(Counter(map(kind_of, each)).values()) > most
        }

    def _find_clusters(self) -> dict[Key, set[Key]]:
        """For each unknown kernel that public links join with others, the identifiers of all of them."""
        near = Groups[Key]()
        met: set[Key] = set()
        for link in self._public:
            one, other = self._of[link.one], self._of[link.other]
            if one not in self._known and other not in self._known:
                near.join(one, other)
                met |= {one, other}
        return {name: within for each in near.of(met) for within in (self._within(each),) for name in each}

    def _within(self, names: Iterable[Key]) -> set[Key]:
        return {identifier for name in names for identifier in self._members[name]}

    def _bursts(self, name: Key) -> bool:
        """Whether this kernel's cluster is too large for its public links to count."""
        return len(self._clusters.get(name, ())) > self._bounds.most_joined
