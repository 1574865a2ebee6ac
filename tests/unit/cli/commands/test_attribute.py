"""`closedloop attribute` as an analyst sees it: a file in, figures out."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.commands.attribute import app

HEADER = "journey_id,channel,occurred_at,position,converted_at,value,count,nulls\n"
DEALS = (
    "journey_id,channel,occurred_at,position,converted_at,value\n"
    "j1,Paid,2026-01-01T00:00:00Z,,2026-01-29T00:00:00Z,100\n"
    "j1,Email,2026-01-08T00:00:00Z,lead_created,2026-01-29T00:00:00Z,100\n"
    "j1,Events,2026-01-15T00:00:00Z,opportunity_created,2026-01-29T00:00:00Z,100\n"
    "j1,Email,2026-01-22T00:00:00Z,,2026-01-29T00:00:00Z,100\n"
    "j1,Direct,2026-01-29T00:00:00Z,,2026-01-29T00:00:00Z,100\n"
    "j2,Paid,2026-02-01,first+lead_created,2026-02-02,50\n"
    "j3,Email,2026-02-01,,,\n"
)


def attribute(text: str | bytes, *options: str, code: int = 0) -> Result:
    """Run over `text` on standard input; the result and what was said."""
    data = text if isinstance(text, bytes) else text.encode()
    done = CliRunner().invoke(app, ["-", *options], input=data)
    assert done.exit_code == code, done.output
    return done


def rows(text: str, *options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(attribute(text, *options).stdout)))


def credits(text: str, *options: str) -> dict[tuple[str, str], float]:
    """{(journey, channel): credit} of a run with one model."""
    return {(r["journey_id"], r["channel"]): float(r["credit"]) for r in rows(text, *options)}


def totals(text: str, *options: str) -> dict[str, tuple[float, float]]:
    """{channel: (conversions, value)} of a run with one model."""
    found = rows(text, "--by", "channel", *options)
    return {r["channel"]: (float(r["conversions"]), float(r["value"])) for r in found}


BY_HAND = {
    "first": [100, 0, 0, 0],
    "last": [0, 0, 0, 100],
    "linear": [20, 40, 20, 20],
    "last_non_direct": [0, 100, 0, 0],
    "u_shaped": [40, 40 / 3, 20 / 3, 40],
    "u_lead": [50, 50, 0, 0],
    "w_shaped": [100 / 3, 100 / 3, 100 / 3, 0],
    "full_path": [22.5, 32.5, 22.5, 22.5],
    "time_decay": [100 / 31, 1000 / 31, 400 / 31, 1600 / 31],
    "j_shaped": [20, 40 / 3, 20 / 3, 60],
    "inverse_j": [60, 40 / 3, 20 / 3, 20],
}


@pytest.mark.parametrize("model", BY_HAND)
def test_each_rule_model_gives_the_figures_worked_by_hand(model: str) -> None:
    found = credits(DEALS, "--models", model)
    shares = [100 * found.get(("j1", name), 0) for name in ("Paid", "Email", "Events", "Direct")]
    assert shares == pytest.approx(BY_HAND[model], abs=1e-9)
    assert found[("j2", "Paid")] == 1
    assert not any(journey == "j3" for journey, _ in found), "a journey that did not convert earns nothing"


def test_markov_and_shapley_give_the_figures_worked_by_hand() -> None:
    paths = "path,conversions,value,nulls\nC1 > C2 > C3,1,100,0\nC1,0,0,1\nC2 > C3,0,0,1\n"
    markov = totals(paths, "--models", "markov")
    assert markov == {"C1": (0.2, 20), "C2": (0.4, 40), "C3": (0.4, 40)}
    assert totals(paths, "--models", "shapley")["C1"] == pytest.approx((1 / 3, 100 / 3))
    assert credits(paths, "--models", "markov") == {("1", "C1"): 0.2, ("1", "C2"): 0.4, ("1", "C3"): 0.4}


def test_journeys_that_never_converted_count_for_markov_only() -> None:
    lost = DEALS + "j4,Paid,2026-02-01,,,\nj5,Events,2026-02-01,,,\n"
    assert totals(lost, "--models", "markov") != totals(DEALS, "--models", "markov")
    assert totals(lost, "--models", "linear") == totals(DEALS, "--models", "linear")
    assert totals(lost, "--models", "shapley") == totals(DEALS, "--models", "shapley")


def test_rows_in_any_order_give_the_same_report() -> None:
    head, *body = DEALS.splitlines(keepends=True)
    assert attribute(head + "".join(reversed(body)), "--by", "channel").stdout == (
        attribute(DEALS, "--by", "channel").stdout
    )


def test_all_runs_every_model_and_custom_once_it_is_described() -> None:
    assert {r["model"] for r in rows(DEALS)} == {*BY_HAND, "markov", "shapley"}
    assert {r["model"] for r in rows(DEALS, "--custom", "first=30,last=70")} == {
        *BY_HAND, "custom", "markov", "shapley",
    }  # fmt: skip


def test_count_and_nulls_stand_for_so_many_journeys() -> None:
    text = HEADER + "a,X,2026-01-01,,,300,3,2\na,Y,2026-01-02,,,300,3,2\n"
    assert totals(text, "--models", "linear") == {"X": (1.5, 150), "Y": (1.5, 150)}
    assert totals(text, "--models", "markov") == {"X": (1.5, 150), "Y": (1.5, 150)}


def test_without_a_converted_at_column_every_journey_converted_at_its_last_touch() -> None:
    text = "journey_id,channel,occurred_at\na,X,2026-01-01\na,Y,2026-01-08\n"
    assert credits(text, "--models", "time_decay") == pytest.approx({("a", "X"): 1 / 3, ("a", "Y"): 2 / 3})


def test_the_options_choose_the_touches() -> None:
    assert totals(DEALS, "--models", "last", "--exclude-direct")["Email"] == (1, 100)
    assert totals(DEALS, "--models", "first", "--lookback", "14")["Events"] == (1, 100)
    repeated = "journey_id,channel,occurred_at\na,X,2026-01-01\na,X,2026-01-02\na,Y,2026-01-03\n"
    assert credits(repeated, "--models", "linear", "--collapse") == {("a", "X"): 0.5, ("a", "Y"): 0.5}
    halved = credits(DEALS, "--models", "time_decay", "--half-life", "3.5")
    assert halved[("j1", "Events")] == pytest.approx(16 / 341)


def test_a_conversion_no_touch_of_which_counts_is_unattributed_so_that_totals_hold() -> None:
    text = DEALS + "j9,Paid,2026-03-05,,2026-03-01,10\n"
    assert totals(text, "--models", "first")["Unattributed"] == (1, 10)
    assert credits(text, "--models", "markov")[("j9", "Unattributed")] == 1


@pytest.mark.parametrize(("currency", "total"), [("USD", "150.00"), ("JPY", "150"), ("KWD", "150.000")])
def test_with_a_currency_values_add_up_to_the_minor_unit(currency: str, total: str) -> None:
    for option in (("--by", "channel"), ()):
        sums: dict[str, int] = {}
        for row in rows(DEALS, "--currency", currency, *option):
            assert len(row["value"].partition(".")[2]) == len(total.partition(".")[2])
            sums[row["model"]] = sums.get(row["model"], 0) + int(row["value"].replace(".", ""))
        assert set(sums.values()) == {int(total.replace(".", ""))}


def test_bad_rows_are_told_with_line_and_reason_and_written_out(tmp_path: Path) -> None:
    text = (
        DEALS
        + "j4,Email\n\nj4,,2026-01-01,,,\nj4,Email,tomorrow,,,\nj4,Email,2026-01-01,frist,,x\nj4,Email,2026-01-01,,,\n"
    )
    done = attribute(text, "--rejects", str(tmp_path / "bad.csv"), "--models", "first")
    assert "4 rows left out" in done.stderr
    with (tmp_path / "bad.csv").open() as file:
        bad = list(csv.DictReader(file))
    assert [int(row["line"]) for row in bad] == [9, 11, 12, 13]
    assert "2 columns where the header has 6" in bad[0]["reason"]
    assert "channel is empty" in bad[1]["reason"]
    assert "'tomorrow' is not a time" in bad[2]["reason"]
    assert "position 'frist'" in bad[3]["reason"]
    assert "value 'x' is not a number" in bad[3]["reason"]
    assert bad[3]["row"] == "j4,Email,2026-01-01,frist,,x"
    assert attribute(text, "--strict", code=1).stdout == ""


def test_what_is_not_utf8_spoils_its_row_only() -> None:
    done = attribute(DEALS.encode() + b"j4,Caf\xe9,2026-01-01,,,\n", "--models", "first")
    assert "line 9: channel is empty or not UTF-8" in done.stderr


def test_quoted_names_bom_semicolons_and_mixed_times_are_read() -> None:
    text = '\ufeffJourney_ID;Channel;Occurred_At\na;"Paid; Search";2026-01-01T10:00:00+02:00\n'
    text += 'a;"Say ""hi""";2026-01-01 08:30\n'
    assert credits(text, "--models", "linear") == {("a", "Paid; Search"): 0.5, ("a", 'Say "hi"'): 0.5}


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", (), "the input is empty"),
        ("a,b\n1,2\n", (), "missing column journey_id, channel, occurred_at; it has a, b"),
        ("path,value\nA > B,2\n", (), "needs a column conversions"),
        (HEADER, (), "no usable rows"),
        (HEADER + "a,,2026-01-01,,,,,\n", (), "no usable rows; line 2: channel is empty"),
        (DEALS, ("--models", "fist"), "no model 'fist'; choose from first"),
        (DEALS, ("--models", "custom"), "--custom first=30"),
        (DEALS, ("--custom", "first=30,last=60"), "add up to 90"),
        (DEALS, ("--custom", "first"), "write position=percent"),
        (DEALS, ("--currency", "DOLLAR"), "three letters"),
        (DEALS, ("--half-life", "0"), "longer than zero"),
        (DEALS, ("--lookback", "-1"), "below zero"),
        (DEALS, ("--plot", "picture.pdf"), ".svg or .png"),
        ("path,conversions\nA > B,1\n", ("--models", "time_decay"), "needs the touches' times"),
        ("path,conversions\nA > B,1\n", ("--lookback", "5"), "needs the touches' times"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(text: str, options: tuple[str, ...], message: str) -> None:
    assert message in attribute(text, *options, code=1).stderr


def test_a_missing_file_or_none_at_all_is_said_plainly() -> None:
    assert "cannot read nowhere.csv" in CliRunner().invoke(app, ["nowhere.csv"]).stderr
    assert "--example writes one to try" in CliRunner().invoke(app, []).stderr


def test_a_bad_path_row_is_told_with_its_line() -> None:
    done = attribute("path,conversions,null\nA > > B,1,0\nA,x,0\nA > B,1,0\n", "--by", "channel")
    assert "line 2: path has an empty step" in done.stderr
    assert "line 3: conversions 'x' is not a number" in done.stderr


def test_rows_that_disagree_about_their_journey_are_noted_and_the_first_counts() -> None:
    text = "journey_id,channel,occurred_at,value\na,X,2026-01-01,5\na,X,2026-01-02,7\n"
    done = attribute(text, "--by", "channel", "--models", "first")
    assert "1 journeys have rows that disagree about value" in done.stderr
    assert "first,X,1,5" in done.stdout


def test_json_and_table_say_the_same_as_csv() -> None:
    found = json.loads(attribute(DEALS, "--by", "channel", "--format", "json", "--currency", "USD").stdout)
    assert {"model": "first", "channel": "Paid", "conversions": 2.0, "value": "150.00"} in found
    assert "Paid" in attribute(DEALS, "--format", "table", "--models", "first").stdout


def test_the_example_can_be_used_at_once(tmp_path: Path) -> None:
    example = CliRunner().invoke(app, ["--example"]).stdout
    assert len(rows(example, "--by", "channel", "--models", "first")) == 7
    CliRunner().invoke(app, ["--example", "-o", str(tmp_path / "example.csv")])
    assert (tmp_path / "example.csv").read_text() == example


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG")])
def test_a_picture_is_drawn(tmp_path: Path, name: str, start: bytes) -> None:
    attribute(DEALS, "--models", "first,markov", "--plot", str(tmp_path / name), "-o", str(tmp_path / "out.csv"))
    assert (tmp_path / name).read_bytes().startswith(start)
    assert (tmp_path / "out.csv").read_text().startswith("model,journey_id,channel,credit")
