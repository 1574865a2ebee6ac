"""The end of the demo: revenue by channel, sales by web source, and the vanity metrics beside them."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.demo.point import MEASURES, Channel, added, sentences
from cli.demo.story import Story
from cli.reports import look, pivot
from cli.reports.asked import Asked
from cli.reports.pivot import Line
from cli.reports.read import Grid, Warehouse
from cli.reports.registry import SIDE_BY_SIDE
from cli.reports.tables import below

MODEL = "w_shaped"
"""The model the demo speaks of; all others stand beside it."""
CURRENCY = "USD"
_SOURCES = 12
_LEDGER = """
SELECT sum(amount_base), (SELECT count(*) FROM warehouse.fct_deal WHERE status = 'won')
FROM warehouse.fct_deal_entry WHERE superseded_at IS NULL AND kind <> 'pipeline'
"""


async def show(console: Console, warehouse: Warehouse, story: Story) -> bool:
    """Print the reports. False when a model does not add up to the ledger, which is said as well."""
    answer = await warehouse.report("revenue_by_channel", Asked())
    revenue = answer.grid
    sources = await warehouse.rows("sales_by_websource")
    vanity = await warehouse.rows("vanity_metrics")
    if not revenue.rows:
        console.print("\n  Nobody bought anything in this story: try more accounts or days.")
        return True
    (ledger, deals) = (await warehouse.query(_LEDGER)).rows[0]
    _revenue_by_channel(console, revenue, story)
    adds_up = _check(console, revenue, Decimal(ledger or 0), deals)
    _sales_by_source(console, sources)
    _vanity(console, _beside(revenue, vanity))
    below(console, [line for line in (look.left_out(answer.left_out), look.stamp(answer.as_of)) if line])
    return adds_up


def _revenue_by_channel(console: Console, revenue: Grid, story: Story) -> None:
    others = [model for model in SIDE_BY_SIDE if model != MODEL]

    def of(models: Sequence[str]) -> Table:
        lines = pivot.beside(revenue, ("channel",), "revenue", [MODEL, *models])
        lines = pivot.shown(lines, [Decimal(1)] * (len(models) + 1))
        totals = pivot.total(lines)
        most = max((line.values[0] for line in lines), default=Decimal(0))
        made = look.table(("channel", MODEL, "share", "", *models))
        made.columns[3].justify = "left"
        for line in lines:
            first, *rest = line.values
            shares = (look.share(first, totals[0]), look.bar(first, most))
            look.add_rows(made, [(*line.of, look.money(first), *shares, *map(look.money, rest))])
        made.add_section()
        made.add_row("total", look.money(totals[0]), "", "", *map(look.money, totals[1:]), style="bold")
        return made

    made = look.widest(console, others, of)
    note = f"{story.days} days to {story.end:%d %B %Y}, {CURRENCY}, by attribution model"
    look.show(console, made, "Revenue by channel", note)


def _check(console: Console, revenue: Grid, ledger: Decimal, deals: int) -> bool:
    totals = {line.of[0]: line.values[0] for line in pivot.summed(revenue, ("model",), ("revenue",))}
    wrong = {model: amount for model, amount in totals.items() if amount != ledger}
    if not totals or wrong:
        found = ", ".join(f"{model} {look.exact(amount, CURRENCY)}" for model, amount in wrong.items()) or "nothing"
        console.print(f"\n  The ledger has {look.exact(ledger, CURRENCY)}, but: {found}", style="bold red")
        return False
    text = f"[green]✓[/] Every one of the {len(totals)} models adds up to the ledger: "
    console.print()
    look.put(console, Text.from_markup(f"{text}[bold]{look.exact(ledger, CURRENCY)}[/] from {deals} won deals."))
    return True


def _sales_by_source(console: Console, sources: Grid) -> None:
    sources = Grid(sources.columns, [row for row in sources.rows if row[sources.columns.index("model")] == MODEL])
    lines = pivot.summed(sources, ("source", "medium"), ("revenue", "sales"))
    shown, rest = lines[:_SOURCES], lines[_SOURCES:]
    if rest:
        shown = [*shown, Line((f"{len(rest)} more", ""), pivot.total(rest))]
    shown = pivot.shown(shown, [Decimal(1), Decimal("0.1")])
    totals = pivot.total(shown)
    most = max((line.values[0] for line in lines), default=Decimal(0))
    made = look.table(("source", "medium", "sales", "revenue", "share", ""), texts=2)
    made.columns[5].justify = "left"
    for (source, medium), (revenue, sales) in shown:
        row = (source, medium, look.count(sales), look.money(revenue), look.share(revenue, totals[0]))
        look.add_rows(made, [(*row, look.bar(revenue, most))])
    made.add_section()
    made.add_row("total", "", look.count(totals[1]), look.money(totals[0]), "", "", style="bold")
    look.show(console, made, "Sales by web source", f"{MODEL}; a sale that several sources earned is shared among them")


def _beside(revenue: Grid, vanity: Grid) -> list[Channel]:
    lines = pivot.shown(pivot.beside(revenue, ("channel",), "revenue", [MODEL]), [Decimal(1)])  # as in the first table
    earned = {line.of[0]: line.values[0] for line in lines}
    seen = {line.of[0]: line.values for line in pivot.summed(vanity, ("channel",), ("pageviews", "visitors", "leads"))}
    channels = []
    for name in earned.keys() | seen.keys():
        pageviews, visitors, leads = seen.get(name, (Decimal(0),) * 3)
        channels.append(Channel(name, pageviews, visitors, leads, earned.get(name, Decimal(0))))
    return sorted(channels, key=lambda channel: (-channel.leads, -channel.pageviews, channel.name))


def _vanity(console: Console, channels: list[Channel]) -> None:
    totals = {measure: added(channels, measure) for measure in MEASURES}
    made = look.table(("channel", "pageviews", "", "visitors", "", "leads", "", "revenue", ""))
    for channel in channels:
        numbers: list[str | Text] = []
        for measure in MEASURES:
            number: Decimal = getattr(channel, measure)
            said = look.money(number) if measure == "revenue" else look.count(number)
            numbers += [said, Text(look.share(number, totals[measure]), "dim")]
        look.add_rows(made, [(channel.name, *numbers)])
    look.show(
        console,
        made,
        "Vanity metrics beside revenue",
        f"what each channel is praised for, and what it earned ({MODEL})",
    )
    console.print()
    for sentence in sentences(channels):
        look.put(console, Text(sentence, style="bold"))
