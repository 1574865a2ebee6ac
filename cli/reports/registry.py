"""Every report: one row each. Other relations of schema `warehouse` can be asked for by name; they come as they are."""

from typing import NamedTuple

SIDE_BY_SIDE = ("first", "last", "linear", "u_shaped", "w_shaped", "time_decay")
"""The models that a table shows beside each other, as many as fit; --model shows any other."""


class Report(NamedTuple):
    """A view and how its table is made. CSV and JSON always have the view's own rows.

    `by` are the columns that name a line of the table, `measures` the ones added up over the rest (months).
    `side_by_side` is the measure shown for every model when none is chosen; None: the view has no models.
    `money` says which entries of the ledger it is made of: those that have no rate are told below it.
    """

    name: str
    says: str
    by: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    side_by_side: str | None = None
    money: str | None = None


REPORTS = (
    Report("revenue_by_channel", "what each channel earned, under every model", ("channel",), ("revenue", "deals"),
           "revenue", "revenue"),
    Report("sales_by_websource", "the deals and revenue that each source and medium brought", ("source", "medium"),
           ("sales", "revenue"), "revenue", "revenue"),
    Report("vanity_metrics", "leads, pageviews and visitors per channel: what revenue stands beside", ("channel",),
           ("pageviews", "visitors", "leads")),
    Report("pipeline_by_channel", "what open deals would bring to each channel", ("channel",), ("pipeline", "deals"),
           "pipeline", "pipeline"),
)  # fmt: skip
"""In the order they are listed."""


def known(name: str) -> Report | None:
    """The report of that name."""
    return next((report for report in REPORTS if report.name == name), None)


def names() -> list[str]:
    """What a shell offers to complete: the reports."""
    return [report.name for report in REPORTS]
