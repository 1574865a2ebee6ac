"""What becomes of one lead, computed the plain way from its whole diary; slow, and shares no code with the product.

Nothing is carried along but the diary itself: scores, open deals and sales' answers are read off it anew each time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


class Said(NamedTuple):
    """An entry of the diary about one pass: `what` is theirs, called, decided, returned or over."""

    cycle: int
    what: str
    at: datetime
    meaning: str | None = None
    reason: str | None = None


@dataclass
class Diary:
    """Everything that happened to one lead so far."""

    stage: str | None = None
    since: datetime | None = None
    cycle: int = 1
    barred: bool = False
    owner: str | None = None
    created: tuple[datetime, str] | None = None
    touches: list[str] = field(default_factory=list)  # since the points last began anew
    deals: list[tuple[str, str]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    owners: dict[int, str | None] = field(default_factory=dict)
    moves: list[tuple[Any, ...]] = field(default_factory=list)
    pending: list[Any] = field(default_factory=list)


def walk(config: Any, first: tuple[datetime, str], signals: list[Any]) -> Diary:
    """The diary of a lead first seen at `first`; `config` is read as data, `signals` come in any order."""
    diary = Diary()
    _one(diary, config, first[0], first[1], "seen", None, None, None)
    early = [s for s in signals if s.at < first[0]]
    lost = [s.deal_id for s in early if s.kind == "deal:lost"]
    entries = [(0, s.at, s.id, 1, s) for s in early if s.deal_id not in lost]
    entries += [(1, s.at, s.id, 0 if s.kind == "identified" else 1, s) for s in signals if s.at >= first[0]]
    for later, _, _, _, s in sorted(entries, key=lambda entry: entry[:4]):
        at = s.at if later else first[0]
        if diary.barred and not _from_sales(s.kind):
            continue
        passes, words = _passes(diary), _words(diary)
        _one(diary, config, at, s.id, s.kind, s.reason, s.owner, s.deal_id)
        is_act = s.kind[:7] == "action:"
        if is_act and s.kind != "action:assigned" and _words(diary) == words and _passes(diary) == passes:
            diary.pending.append((at, s))
        elif diary.cycle in _passes(diary) - passes:
            waiting = diary.pending + ([(at, s)] if is_act else [])
            diary.pending = []
            for came, act in waiting:
                if (at - came).total_seconds() <= config.sla.settle.total_seconds():
                    _one(diary, config, at, act.id, act.kind, act.reason, act.owner, act.deal_id)
    return diary


def score(diary: Diary, config: Any) -> int:
    """The points of what they did."""
    total = 0
    for kind in set(diary.touches):
        points = 0
        if kind in config.points:
            for _ in range(diary.touches.count(kind)):
                points = min(points + config.points[kind].points, config.points[kind].cap)
        total += points
    return total


def answers(diary: Diary) -> dict[int, dict[str, Any]]:
    """How sales answered each pass that came to them."""
    found = {}
    for cycle in _passes(diary):
        entries = [one for one in diary.said if one.cycle == cycle]

        def of(what: str, entries: list[Said] = entries) -> Said:
            return next((one for one in entries if one.what == what), Said(0, what, None))  # type: ignore[arg-type]

        found[cycle] = {
            "mql_at": of("theirs").at, "contacted_at": of("called").at, "decided_at": of("decided").at,
            "decision": of("decided").meaning, "reason": of("decided").reason, "returned_at": of("returned").at,
            "return_reason": of("returned").reason, "ended_at": of("over").at, "owner": diary.owners.get(cycle),
        }  # fmt: skip
    return found


def _passes(diary: Diary) -> set[int]:
    return {one.cycle for one in diary.said if one.what == "theirs"}


def _words(diary: Diary) -> list[Said]:
    return [one for one in diary.said if one.what in ("called", "decided", "returned")]


def _from_sales(kind: str) -> bool:
    return kind.split(":", maxsplit=1)[0] in ("action", "deal")


def _now(diary: Diary, what: str) -> Said | None:
    return next((one for one in diary.said if one.cycle == diary.cycle and one.what == what), None)


def _one(diary: Diary, config: Any, at: datetime, id: str, kind: str, reason: Any, owner: Any, deal: Any) -> None:
    """Enter one signal."""
    theirs, decided = _now(diary, "theirs"), _now(diary, "decided")
    if kind not in ("seen", "identified") and not _from_sales(kind) and _matters(kind, config):
        diary.touches.append(kind)
    if kind.startswith("deal:"):
        diary.deals.append((kind[5:], deal or ""))
    if kind == "action:contacted" and theirs and not _now(diary, "called"):
        owed = decided is None or decided.meaning == "accepted"
        if owed and not _now(diary, "returned") and not _now(diary, "over"):
            diary.said.append(Said(diary.cycle, "called", at))
    if kind == "action:assigned" and owner:
        diary.owner = owner
        if theirs:
            diary.owners[diary.cycle] = owner
    for rule in config.rules:
        if _holds(diary, config, rule, kind):
            _move(diary, config, rule, at, id, kind, reason, owner)


def _matters(kind: str, config: Any) -> bool:
    return kind in config.points or any(kind in rule.on or kind in (rule.after or ()) for rule in config.rules)


def _holds(diary: Diary, config: Any, rule: Any, kind: str) -> bool:
    is_act = kind.startswith("action:")
    place = -1 if diary.stage is None else config.stages.index(diary.stage)
    if rule.from_stages is not None:
        here = diary.stage in rule.from_stages
    else:
        here = place < config.stages.index(rule.to)
        if is_act:
            here = here and place >= config.stages.index(config.lead_stage)
    if not here:
        return False
    if is_act and rule.decision in ("accepted", "rejected") and _now(diary, "decided"):
        return False
    if kind in rule.on:
        if rule.after is not None and not [k for k in diary.touches if k in rule.after]:
            return False
        return not (kind == "deal:lost" and _open_deals(diary))
    return rule.score and not _from_sales(kind) and score(diary, config) >= config.threshold


def _open_deals(diary: Diary) -> list[str]:
    still: list[str] = []
    for what, deal in diary.deals:
        if what == "open":
            still.append(deal)
        elif what in ("won", "lost"):
            still = [one for one in still if one != deal]
    return still


def _move(diary: Diary, config: Any, rule: Any, at: datetime, id: str, kind: str, reason: Any, owner: Any) -> None:
    is_act = kind.startswith("action:")
    theirs, decided = _now(diary, "theirs"), _now(diary, "decided")
    to_sales = rule.to == config.sales_stage
    begins_anew = rule.new_cycle or (to_sales and decided is not None)
    if theirs and not decided and rule.decision != "none" and (begins_anew or not to_sales):
        diary.said.append(Said(diary.cycle, "decided", at, rule.decision, reason or None))
    given_back = is_act and rule.decision == "recycled" and not _now(diary, "returned")
    if given_back and decided and decided.meaning == "accepted":
        diary.said.append(Said(diary.cycle, "returned", at, None, reason or None))
    if theirs and begins_anew:
        diary.said.append(Said(diary.cycle, "over", at))
    if is_act and rule.decision == "accepted" and owner:
        diary.owner = owner
        if theirs:
            diary.owners[diary.cycle] = owner
    if begins_anew:
        diary.cycle += 1
        diary.owner = None
    diary.moves.append((diary.cycle, diary.stage, rule.to, at, rule.name, reason, id))
    if to_sales and not _now(diary, "theirs"):
        diary.said.append(Said(diary.cycle, "theirs", at))
        diary.owners[diary.cycle] = diary.owner
    diary.stage, diary.since, diary.barred = rule.to, at, rule.bars
    own_act = kind != "seen" and not _from_sales(kind) and (kind != "identified" or rule.after is not None)
    is_lead = config.stages.index(rule.to) >= config.stages.index(config.lead_stage)
    if diary.created is None and own_act and is_lead and not rule.bars and rule.decision != "rejected":
        diary.created = (at, id)
    if rule.resets_score:
        diary.touches = []
