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
    _answers(to, found["sales_responses"])
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


def _answers(to: Console, responses: list[Json]) -> None:
    if not responses:
        return
    made = look.table(("pass", "owner", "mql", "due", "contacted", "decided", "decision", "in time"), texts=8)
    for answer in responses:
        times = (look.when(answer.get(name), year=False) for name in ("mql_at", "due_at", "contacted_at", "decided_at"))
        in_time = "no" if answer.get("breached") else "yes" if answer.get("decision") else ""
        reason = f" ({answer['reason']})" if answer.get("reason") else ""
        row = (
            str(answer["cycle"]),
            answer.get("owner") or "",
            *times,
            (answer.get("decision") or "") + reason,
            in_time,
        )
        look.add_rows(made, [row])
    look.show(to, made, "What sales did")


def _identifiers(to: Console, identifiers: list[Json]) -> None:
    made = look.table(("known by", "", "first seen", "last seen"), texts=4)
    for one in identifiers:
        look.add_rows(
            made, [(one["kind"], one["value"], look.when(one["first_seen_at"]), look.when(one["last_seen_at"]))]
        )
    look.show(to, made, "Identifiers")
