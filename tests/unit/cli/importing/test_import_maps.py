"""Maps: what they may say, what they make of a cell and a row, and what they answer to a mistake."""

from pathlib import Path
from typing import Any

import pytest

from cli.importing.cells import CellError, filled
from cli.importing.convert import Converter, MissingColumns, RowError
from cli.importing.fields import TARGETS, Target, allowed, paths
from cli.importing.mapfile import Map, Rule, as_it_is, read_map
from shared.errors import ConfigError
from tests.places import DOCS

TOUCHPOINTS, DEALS = TARGETS["touchpoints"], TARGETS["deals"]
EXAMPLES = DOCS / "examples"


def converter(fields: dict[str, Any], timezone: str = "UTC", target: Target = TOUCHPOINTS) -> Converter:
    return Converter(Map(fields=fields, timezone=timezone), target)


def test_fields_are_those_of_the_native_form() -> None:
    known = paths(TOUCHPOINTS.struct)
    assert {"id", "kind", "occurred_at", "page.url", "campaign.source", "account.id", "properties.*"} <= known.keys()
    assert paths(DEALS.struct)["contacts"] is list
    assert allowed("properties.landing page", known)
    assert allowed("ids.hubspot", known)
    assert not allowed("campaign.sauce", known)
    assert not allowed("properties", known)


@pytest.mark.parametrize(
    ("rule", "cell", "value"),
    [
        ({"column": "c"}, " a ", "a"),
        ({"column": "c"}, "", None),
        ({"column": "c", "default": "x"}, "  ", "x"),
        ({"column": "c", "map": {"a": "b"}}, "a", "b"),
        ({"column": "c", "map": {"a": "b"}}, "z", "z"),
        ({"column": "c", "map": {"a": "b"}, "otherwise": "rest"}, "z", "rest"),
        ({"column": "c", "map": {"": "(not set)"}}, "", "(not set)"),
        ({"column": "c", "map": {2: "two", True: "yes"}}, "2", "two"),
        ({"column": "c", "map": {2: "two", True: "yes"}}, True, "yes"),
        ({"column": "c", "map": {"no": None}, "default": "d"}, "no", "d"),
        ({"column": "c", "split": ";"}, "a@x.io; b@x.io;", ["a@x.io", "b@x.io"]),
        ({"column": "c", "decimal": ","}, "R$ 1.234,50", "1234.50"),
        ({"column": "c", "decimal": "."}, "1,234.50", "1234.50"),
        ({"column": "c", "decimal": "."}, 12.5, "12.5"),
        ({"column": "c", "time": "iso"}, "2026-03-01T10:00:00+02:00", "2026-03-01T08:00:00Z"),
        ({"column": "c", "time": ["%d.%m.%Y", "%Y-%m-%d"]}, "2026-03-01", "2026-03-01T00:00:00Z"),
        ({"column": "c", "time": "epoch"}, "1772359200", "2026-03-01T10:00:00Z"),
        ({"column": "c", "time": "epoch_ms"}, 1772359200500, "2026-03-01T10:00:00.500000Z"),
        ({"column": "c", "time": "iso", "timezone": "Europe/Berlin"}, "2026-07-01 10:00", "2026-07-01T08:00:00Z"),
    ],
)  # fmt: skip
def test_a_cell_becomes(rule: dict[str, Any], cell: Any, value: Any) -> None:
    assert filled(Rule(**rule), cell, "UTC") == value


@pytest.mark.parametrize(
    ("rule", "cell", "said"),
    [
        ({"column": "c", "time": "%Y-%m-%d"}, "1.3.26", "is not a time written as %Y-%m-%d"),
        ({"column": "c", "time": "epoch"}, "soon", "epoch"),
        ({"column": "c", "decimal": ","}, "12 apples", "decimal mark"),
        ({"column": "c", "decimal": "."}, "NaN", "decimal mark"),
    ],
)
def test_a_cell_that_cannot_be_used_says_why(rule: dict[str, Any], cell: str, said: str) -> None:
    with pytest.raises(CellError, match=said):
        filled(Rule(**rule), cell, "UTC")


def test_a_date_is_midnight_in_the_maps_zone_in_summer_and_winter() -> None:
    made = converter({"kind": {"value": "call"}, "occurred_at": {"column": "day", "time": "%Y-%m-%d"}}, "Europe/Berlin")
    assert made.item({"day": "2026-07-01"})["occurred_at"] == "2026-06-30T22:00:00Z"
    assert made.item({"day": "2026-01-01"})["occurred_at"] == "2025-12-31T23:00:00Z"


def test_a_midnight_that_a_clock_change_skips_is_the_first_moment_of_that_day() -> None:
    made = converter({"occurred_at": {"column": "day", "time": "%Y-%m-%d"}}, "America/Sao_Paulo")
    assert made.item({"day": "2017-10-15"})["occurred_at"] == "2017-10-15T03:00:00Z"  # 01:00 there; 00:00 was none


def test_dotted_fields_are_nested_and_empty_ones_left_out() -> None:
    made = converter({"kind": {"value": "call"}, "campaign.source": "s", "campaign.medium": "m", "account.id": "a"})
    assert made.item({"s": "google", "m": "", "a": "7"}) | {"id": ""} == {
        "kind": "call", "campaign": {"source": "google"}, "account": {"id": "7"}, "id": "",
    }  # fmt: skip


def test_a_template_joins_columns_and_is_nothing_when_all_are_empty() -> None:
    made = converter({"id": "n", "name": {"template": "{first} {last}"}}, target=DEALS)
    assert made.item({"n": "1", "first": "Ada", "last": "Byron"})["name"] == "Ada Byron"
    assert "name" not in made.item({"n": "1", "first": "", "last": ""})


def test_a_row_without_an_id_gets_the_same_one_every_time_whatever_the_order_of_its_columns() -> None:
    made = converter({"kind": {"value": "call"}, "email": "mail"})
    first = made.item({"mail": "a@x.io", "day": "1"})["id"]
    assert first == made.item({"day": "1", "mail": "a@x.io"})["id"]
    assert first != made.item({"day": "2", "mail": "a@x.io"})["id"]


def test_a_column_of_a_json_row_may_be_a_path() -> None:
    made = converter({"id": "event.id", "email": "user.email", "properties.plan": "user.plan"})
    row = {"event": {"id": 7}, "user": {"email": "a@x.io", "plan": None}}
    assert made.item(row) == {"id": 7, "email": "a@x.io"}


def test_one_value_for_a_list_is_a_list_of_one() -> None:
    assert converter({"id": "n", "contacts": "mail"}, target=DEALS).item({"n": "1", "mail": "a@x.io"})["contacts"] == [
        "a@x.io"
    ]


def test_every_problem_of_a_row_is_told() -> None:
    made = converter({"occurred_at": {"column": "day", "time": "iso"}, "properties.n": {"column": "n", "decimal": "."}})
    with pytest.raises(RowError) as raised:
        made.item({"day": "?", "n": "?"})
    assert [problem.path for problem in raised.value.problems] == ["occurred_at", "properties.n"]


def test_a_missing_column_says_which_the_file_has() -> None:
    made = converter({"kind": {"value": "call"}, "email": "mail", "properties.x": {"template": "{a} {b}"}})
    with pytest.raises(MissingColumns, match="needs the columns 'mail', 'b'; the file has email, a"):
        made.check_columns(["email", "a"], "x.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fields:\n  kind: k\n  campagne.source: s\n", r":3: fields.campagne.source: .*did you mean campaign.source"),
        ("fields:\n  id: i\n", r":1: fields: kind is missing"),
        ("fields:\n  kind: k\n  id:\n    colum: i\n", r":4: fields.id.colum: Extra inputs"),
        ("fields:\n  kind: k\n  id: {column: i, value: 3}\n", r":3: fields.id: .*exactly one of"),
        ("fields:\n  kind: k\ntimezone: Mars/Olympus\n", r":3: timezone: .*unknown time zone"),
        ("fields:\n  kind: {column: k, otherwise: call}\n", r":2: fields.kind: .*otherwise needs a map"),
        ("feilds:\n  kind: k\n", r"feilds: Extra inputs"),
        ("fields: [", r":1: not valid YAML"),
    ],
)
def test_a_mistake_in_a_map_names_file_line_and_key(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.map.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=rf"x\.map\.yaml{said}" if said.startswith(":") else said):
        read_map(file, TOUCHPOINTS)


def test_without_a_map_columns_are_fields() -> None:
    mapping = as_it_is(["id", "kind", "campaign.source", "_line", "_reasons"], TOUCHPOINTS, Path("x.csv"))
    assert list(mapping.fields) == ["id", "kind", "campaign.source"]
    with pytest.raises(ConfigError, match=r"x\.csv:1: column 'utm': no such field.*--map"):
        as_it_is(["utm"], TOUCHPOINTS, Path("x.csv"))


def test_olists_maps_are_valid() -> None:
    touch = read_map(EXAMPLES / "olist" / "touchpoints.map.yaml", TOUCHPOINTS)
    row = {"mql_id": "m1", "first_contact_date": "2018-02-01", "landing_page_id": "p", "origin": ""}
    assert Converter(touch, TOUCHPOINTS).item(row) == {
        "id": "m1", "kind": "form_submit", "occurred_at": "2018-02-01T02:00:00Z", "user_id": "m1",
        "account": {"id": "m1"}, "campaign": {"source": "(not set)"}, "properties": {"landing_page_id": "p"},
    }  # fmt: skip
    deal = read_map(EXAMPLES / "olist" / "deals.map.yaml", DEALS)
    sold = {
        "mql_id": "m1", "won_date": "2018-02-26 19:58:54", "business_segment": "pet", "lead_type": "online_medium",
        "sr_id": "s", "declared_monthly_revenue": "0.0",
    }  # fmt: skip
    item = Converter(deal, DEALS).item(sold)
    assert item["amount"] == "0.0"
    assert item["closed_at"] == item["updated_at"] == "2018-02-26T19:58:54Z"
    assert item["name"] == "pet online_medium"
