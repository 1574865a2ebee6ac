"""One person's way from first sight to customer, and why each step was taken."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.reports import look

Json = Mapping[str, Any]


def show(to: Console, found: Json) -> None:
    """Print what lifecycle answered."""
    to.print()
    look.put(to, Text(found["email"] or found["person_id"], "bold"))
    since = f" since {look.when(found['stage_since'])}" if found["stage_since"] else ""
    look.put(to, Text(f"{found['stage'] or 'no stage'}{since}; score {found['score']}, pass {found['cycle']}"))
    account, owner = found["account_id"] or "no account", found["owner"] or "nobody"
    look.put(to, Text(f"account {account}, owner {owner}; person {found['person_id']}", "dim"))
    _steps(to, found["transitions"])
    _answers(to, found["answers"])
    _acts(to, found["actions"])
    _identifiers(to, found["identifiers"])


def _steps(to: Console, transitions: list[Json]) -> None:
    made = look.table(("when", "pass", "from", "to", "rule", "reason"), texts=6)
    live = [step for step in transitions if step["superseded_at"] is None]
    for step in live:
        names = (step["from_stage"] or "", step["to_stage"], step["rule"], step["reason"] or "")
        look.add_rows(made, [(look.when(step["occurred_at"]), str(step["cycle"]), *names)])
    corrected = len(transitions) - len(live)
    note = f"{corrected} that later news corrected are left out" if corrected else ""
    look.show(to, made, "Stages", note)


def _answers(to: Console, answers: list[Json]) -> None:
    if not answers:
        return
    made = look.table(("pass", "owner", "mql", "call by", "called", "decide by", "decided", "decision", "in time"), 9)
    times = ("mql_at", "contact_due_at", "contacted_at", "due_at", "decided_at")
    for answer in answers:
        cells = (look.when(answer.get(name), year=False) for name in times)
        is_over = answer.get("decision") and (answer.get("contacted_at") or answer["decision"] != "accepted")
        in_time = "no" if answer.get("breached") else "yes" if is_over else ""
        reason = f" ({answer['reason']})" if answer.get("reason") else ""
        decision = (answer.get("decision") or "") + reason
        look.add_rows(made, [(str(answer["cycle"]), answer.get("owner") or "", *cells, decision, in_time)])
    look.show(to, made, "How sales answered")


def _acts(to: Console, acts: list[Json]) -> None:
    if not acts:
        return
    made = look.table(("when", "act", "by", "owner", "reason", "ignored"), texts=6)
    for act in acts:
        by = f"{act['actor']} ({act['source']})" if act["actor"] else act["source"] or ""
        texts = (act["owner"] or "", act["reason"] or "", act["ignored"] or "")
        look.add_rows(made, [(look.when(act["occurred_at"]), act["action"], by, *texts)])
    look.show(to, made, "What sales did")


def _identifiers(to: Console, identifiers: list[Json]) -> None:
    made = look.table(("known by", "", "first seen", "last seen"), texts=4)
    for one in identifiers:
        look.add_rows(
            made, [(one["kind"], one["value"], look.when(one["first_seen_at"]), look.when(one["last_seen_at"]))]
        )
    look.show(to, made, "Identifiers")
