"""One deal explained: its ledger, the journey that led to it, and who was credited, so that the sums can be redone."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.reports import look
from cli.reports.read import LeftOut
from cli.reports.registry import SIDE_BY_SIDE
from shared.errors import ClosedloopError

Json = Mapping[str, Any]
UNATTRIBUTED = "Unattributed"


class NoSuchModel(ClosedloopError):
    """The deal is not credited under that model."""


def show(to: Console, found: Json, model: str | None) -> None:
    """Print what attribution's explain answered; with a model, that one in full. Raises NoSuchModel."""
    if model is not None and model not in found["models"]:
        raise NoSuchModel(f"There are no credits of model {model!r}; there are {', '.join(found['models'])}")
    base = found["model_config"].get("base_currency", "")
    _deal(to, found)
    _ledger(to, found["entries"], base)
    sessions = _sessions(found["journey"])
    if model is not None:
        _one_model(to, found, sessions, model, base)
        return
    models = [name for name in SIDE_BY_SIDE if name in found["models"]] or found["models"][: len(SIDE_BY_SIDE)]
    _journey(to, found, sessions, models)
    _money(to, found["credits"], models, base)


def _deal(to: Console, found: Json) -> None:
    deal = found["deal"]
    closed = f", closed {look.when(deal['closed_at'])}" if deal["closed_at"] else ""
    account = f"{deal['account_id'] or 'no account'}" + (f" ({deal['account_rule']})" if deal["account_rule"] else "")
    to.print()
    look.put(to, Text.assemble((f"{deal['deal_id']}  {deal['name'] or ''}", "bold")))
    amount = "no amount yet" if deal["amount"] is None else look.exact(Decimal(deal["amount"]), deal["currency"])
    look.put(to, Text(f"{deal['status']}, {amount}{closed}"))
    look.put(to, Text(f"account {account}, owner {deal['owner'] or 'nobody'}; {', '.join(deal['contacts'])}", "dim"))
    if found["pending"]:
        look.put(to, Text("A change is being computed; ask again in a moment.", "yellow"))
    if found["error"]:
        look.put(to, Text(f"It could not be computed: {found['error']}", "red"))


def _ledger(to: Console, entries: Sequence[Json], base: str) -> None:
    made = look.table(("when", "entry", "amount", "rate", f"in {base}"), texts=2)
    live = [entry for entry in entries if entry["superseded_at"] is None]
    for entry in live:
        known = entry["amount_base"] is not None
        amounts = (look.exact(Decimal(entry["amount"]), entry["currency"]), f"{Decimal(entry['fx_rate'] or 0):f}")
        worth = look.exact(Decimal(entry["amount_base"]), base) if known else "no rate yet"
        look.add_rows(made, [(look.when(entry["occurred_at"]), entry["kind"], *amounts, worth)])
    net = sum((Decimal(entry["amount_base"] or 0) for entry in live), Decimal(0))
    made.add_row("", "net", "", "", look.exact(net, base), style="bold")
    look.show(to, made, "Ledger", "every change of the deal's worth, credited line by line")
    if told := look.left_out(_without_rate(live)):
        look.put(to, Text(told, "yellow"))


def _without_rate(live: Sequence[Json]) -> LeftOut:
    """The deal, when one of its standing entries has no rate."""
    sums: dict[str, Decimal] = {}
    for entry in live:
        if entry["amount_base"] is None:
            sums[entry["currency"]] = sums.get(entry["currency"], Decimal(0)) + Decimal(entry["amount"])
    return LeftOut([(currency, 1, amount) for currency, amount in sums.items()])


def _sessions(journey: Sequence[Json]) -> list[list[Json]]:
    """The touches of each session, the one that opens it first."""
    sessions: dict[int, list[Json]] = {}
    for touch in journey:
        sessions.setdefault(touch["session"], []).append(touch)
    ordered = [sorted(touches, key=lambda touch: not touch["opens_session"]) for touches in sessions.values()]
    return sorted(ordered, key=lambda touches: (touches[0]["occurred_at"], touches[0]["touchpoint_id"]))


def _journey(to: Console, found: Json, sessions: Sequence[Sequence[Json]], models: Sequence[str]) -> None:
    weights = _weights(found)

    def of(models: Sequence[str]) -> Table:
        made = look.table(("when", "channel", "touch", *models), texts=3)
        for opening, *others in sessions:
            row = (look.when(opening["occurred_at"], year=False), opening["channel"], _kinds(opening, others))
            shares = (weights.get((model, opening["touchpoint_id"]), 0.0) for model in models)
            look.add_rows(made, [(*row, *(f"{100 * share:.1f}" if share else "·" for share in shares))])
        if not sessions:
            made.add_row("", UNATTRIBUTED, "", *("100.0" for _ in models))
        return made

    made = look.widest(to, models, of)
    people = len(found["people"])
    visits = f"{len(sessions)} session{'s' * (len(sessions) != 1)} of {people} {'person' if people == 1 else 'people'}"
    note = f"{visits} up to the close; per cent of the first booking"
    look.show(to, made, "Journey", note)


def _weights(found: Json) -> dict[tuple[str, str | None], float]:
    """Weights of the deal's first close: a refund has the same, a new close has its own (see --model)."""
    live = [entry for entry in found["entries"] if entry["superseded_at"] is None]
    first = min((entry["booking"] for entry in live), default=1)
    opening = {entry["entry_id"] for entry in live if entry["booking"] == first}
    return {(c["model"], c["touchpoint_id"]): c["weight"] for c in found["credits"] if c["entry_id"] in opening}


def _kinds(opening: Json, others: Sequence[Json]) -> str:
    kind: str = opening["kind"]
    return kind.removeprefix("custom:") + (f" +{len(others)}" if others else "")


def _money(to: Console, credits: Sequence[Json], models: Sequence[str], base: str) -> None:
    channels: dict[str, dict[str, Decimal]] = {}
    for credit in credits:
        sums = channels.setdefault(credit["channel"], dict.fromkeys(models, Decimal(0)))
        if credit["model"] in sums:
            sums[credit["model"]] += Decimal(credit["amount_base"] or 0)
    of_all = {model: sum((sums[model] for sums in channels.values()), Decimal(0)) for model in models}

    def of(models: Sequence[str]) -> Table:
        made = look.table(("channel", *models))
        for channel, sums in sorted(channels.items(), key=lambda item: (-sum(item[1].values()), item[0])):
            if any(sums.values()):
                look.add_rows(made, [(channel, *(f"{sums[model]:,.2f}" if sums[model] else "·" for model in models))])
        made.add_row("net", *(f"{of_all[model]:,.2f}" for model in models), style="bold")
        return made

    made = look.widest(to, models, of)
    look.show(to, made, "Credits", f"in {base}, after all entries; --model M shows one model touch by touch")


def _one_model(to: Console, found: Json, sessions: Sequence[Sequence[Json]], model: str, base: str) -> None:
    touches = {opening["touchpoint_id"]: opening for opening, *_ in sessions}
    entries = {entry["entry_id"]: entry for entry in found["entries"] if entry["superseded_at"] is None}
    own = [credit for credit in found["credits"] if credit["model"] == model and credit["entry_id"] in entries]
    for entry_id, entry in entries.items():
        made: Table = look.table(("when", "channel", "source / medium", "rule", "position", "%", base), texts=5)
        of_entry = [credit for credit in own if credit["entry_id"] == entry_id]
        for credit in sorted(of_entry, key=lambda c: touches.get(c["touchpoint_id"], {}).get("occurred_at", "")):
            touch = touches.get(credit["touchpoint_id"], {})
            origin = f"{touch['session_source']} / {touch['session_medium']}" if touch else ""
            names = (
                look.when(touch.get("occurred_at"), year=False),
                credit["channel"],
                origin,
                touch.get("channel_rule", ""),
            )
            money = "" if credit["amount_base"] is None else f"{Decimal(credit['amount_base']):,.2f}"
            look.add_rows(
                made, [(*names, credit["position"].replace("+", " + "), f"{100 * credit['weight']:.2f}", money)]
            )
        total = sum((Decimal(credit["amount_base"] or 0) for credit in of_entry), Decimal(0))
        made.add_row("", "", "", "", "total", "", f"{total:,.2f}", style="bold")
        look.show(to, made, f"{model}: {entry['kind']}", f"{look.when(entry['occurred_at'])}")
