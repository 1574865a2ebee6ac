"""Reports: rows into lines, and lines into tables that add up and fit."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from cli.main import app
from cli.reports import look, pivot
from cli.reports.asked import Period, UnreadableTime, month_of
from cli.reports.read import Grid, LeftOut
from cli.reports.registry import REPORTS, SIDE_BY_SIDE, Report, known
from cli.reports.tables import show

REVENUE = Grid(
    ["model", "month", "channel", "revenue", "deals"],
    [
        (model, date(2026, month, 1), channel, Decimal(amount), 1)
        for model, first, last in (("first", "900.10", "100.20"), ("last", "0", "1000.30"))
        for month in (1, 2)
        for channel, amount in (("Partner", first), ("Display", last))
    ],
)


def report(name: str) -> Report:
    found = known(name)
    assert found is not None
    return found


def shown(what: Report, grid: Grid, model: str | None = None) -> str:
    out = StringIO()
    show(Console(width=look.WIDTH, file=out), what, grid, model, "USD")
    return out.getvalue()


def test_models_stand_side_by_side_over_all_months_the_largest_first() -> None:
    lines = pivot.beside(REVENUE, ("channel",), "revenue", ["first", "last"])
    assert lines == [
        (("Partner",), (Decimal("1800.20"), Decimal(0))),
        (("Display",), (Decimal("200.40"), Decimal("2000.60"))),
    ]
    assert pivot.total(lines) == (Decimal("2000.60"), Decimal("2000.60"))


def test_a_report_shows_every_model_and_the_total() -> None:
    text = shown(report("revenue_by_channel"), REVENUE)
    assert "first" in text
    assert "last" in text
    assert "2,001" in text.splitlines()[-1] or "2,001" in text
    assert "linear" not in text


def test_a_report_of_one_model_shows_its_measures() -> None:
    text = shown(report("revenue_by_channel"), Grid(REVENUE.columns, REVENUE.rows[:4]), "first")
    assert "deals" in text
    assert "1,800" in text


def test_a_relation_without_a_row_in_the_registry_is_shown_as_it_is() -> None:
    text = shown(Report("anything", ""), Grid(["name", "at"], [("[bold]x", datetime(2026, 1, 2, tzinfo=UTC))]))
    assert "[bold]x" in text
    assert "2026-01-02 00:00" in text


def test_a_report_with_nothing_in_it_says_so() -> None:
    assert "nothing yet" in shown(report("revenue_by_channel"), Grid(REVENUE.columns, []))


def test_no_table_is_wider_than_eighty_columns() -> None:
    channel = "Mobile Push Notifications"
    rows = [(model, date(2026, 1, 1), channel, Decimal("12345678.90"), 3) for model in SIDE_BY_SIDE]
    text = shown(report("revenue_by_channel"), Grid(REVENUE.columns, rows))
    assert max(map(len, text.splitlines())) <= look.WIDTH
    assert "12,345,679" in text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1234.5", "USD", "$1,234.50"), ("-3", "BRL", "-BRL 3.00"), ("0", "EUR", "€0.00")],
)
def test_money_to_the_cent(amount: str, currency: str, text: str) -> None:
    assert look.exact(Decimal(amount), currency) == text


@pytest.mark.parametrize(("part", "cells"), [(0, 0), (50, 3), (100, 6), (-10, 0)])
def test_a_bar_is_as_long_as_its_share(part: int, cells: int) -> None:
    assert len(look.bar(Decimal(part), Decimal(100))) == cells


def test_every_report_has_a_line_on_what_it_says() -> None:
    assert all(report.says for report in REPORTS)
    assert len({report.name for report in REPORTS}) == len(REPORTS)


def test_what_is_shown_rounded_adds_up_to_the_total_that_is_shown() -> None:
    thirds = [("a", Decimal(1) / 3), ("b", Decimal(1) / 3), ("c", Decimal(1) / 3), ("d", Decimal("-0.25"))]
    grid = Grid(
        ["model", "month", "source", "medium", "sales", "revenue"],
        [("last", date(2026, 1, 1), source, "cpc", sales, sales * 1000) for source, sales in thirds],
    )
    lines = [line.split() for line in shown(report("sales_by_websource"), grid, "last").splitlines() if "cpc" in line]
    text = shown(report("sales_by_websource"), grid, "last")
    total = next(line.split() for line in text.splitlines() if line.strip().startswith("total"))
    assert sum(Decimal(line[2]) for line in lines) == Decimal(total[1]) == Decimal("0.7")
    assert sum(Decimal(line[3].replace(",", "")) for line in lines) == Decimal(total[2].replace(",", "")) == 750


@given(st.lists(st.decimals(-1000, 1000, places=6, allow_nan=False), max_size=30), st.sampled_from(["1", "0.1"]))
def test_rounding_moves_nothing_by_a_whole_step_and_keeps_the_sum(numbers: list[Decimal], step: str) -> None:
    unit = Decimal(step)
    rounded = pivot.rounded(numbers, unit)
    assert all(abs(after - before) < unit for after, before in zip(rounded, numbers, strict=True))
    assert abs(sum(rounded, Decimal(0)) - sum(numbers)) <= unit / 2


def test_months_and_quarters_are_lines_of_their_own_in_order_of_time() -> None:
    months = pivot.by_period(REVENUE, Period.month)
    assert months.columns == ["month", "model", "channel", "revenue", "deals"]
    quarters = pivot.by_period(REVENUE, Period.quarter)
    assert ("2026-Q1", "first", "Partner", Decimal("1800.20"), 2) in quarters.rows
    out = StringIO()
    show(Console(width=look.WIDTH, file=out), report("revenue_by_channel"), months, "last", "USD", Period.month)
    lines = [line.split()[:2] for line in out.getvalue().splitlines()[3:-1] if line.strip().startswith("2026")]
    assert lines == [["2026-01", "Display"], ["2026-01", "Partner"], ["2026-02", "Display"], ["2026-02", "Partner"]]


def test_a_report_says_what_its_totals_lack() -> None:
    lacking = LeftOut([("EUR", 3, Decimal("70500")), ("JPY", 1, Decimal("9"))], 1)
    assert look.left_out(lacking) == (
        "not in these totals: 4 deals without a rate: EUR 70,500.00, JPY 9.00; 1 open deal without an amount"
    )
    assert look.left_out(LeftOut()) == ""


@pytest.mark.parametrize("text", ["2026-13", "march", "2026-1", "2026-02-30"])
def test_a_month_that_is_none_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UnreadableTime, match="write it as 2026-03"):
        month_of(text)


def test_a_truth_is_a_yes_or_a_no() -> None:
    assert [look.cell(value) for value in (True, False, None, 1)] == ["yes", "no", "", "1"]


def test_months_that_end_before_they_begin_are_told() -> None:
    ran = CliRunner().invoke(app, ["report", "revenue_by_channel", "--from", "2026-11", "--to", "2026-10"])
    assert ran.exit_code == 1
    assert "--from 2026-11 is after --to 2026-10" in ran.stderr
