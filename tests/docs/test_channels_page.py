"""docs/channels.md lists every channel with its rules, and they are the ones in force."""

import yaml

from cli.commands.channels import describe
from services.attribution.domain.channels import ChannelRules, channel_rules
from services.attribution.domain.channels.click_ids import CLICK_IDS
from services.attribution.domain.channels.kinds import CREDITED_KINDS, KIND_MEDIUM, UNCREDITED_KINDS
from services.attribution.domain.channels.presets import B2B_FIRST, GA4
from services.attribution.domain.channels.rules import CONDITIONS
from tests.places import DOCS

DOC = (DOCS / "channels.md").read_text(encoding="utf-8")


def table(first_column: str, section: str) -> list[tuple[str, ...]]:
    """The rows of the first table below `section` whose header starts with `first_column`."""
    after = DOC.split(section, 1)[1].split(f"| {first_column} |", 1)[1].split("\n\n", 1)[0]
    lines = [line.replace("\\|", "\0") for line in after.splitlines()[2:]]
    return [tuple(cell.strip().replace("\0", "|") for cell in line.strip("|").split("|")) for line in lines]


def test_the_document_lists_each_preset_row_in_order() -> None:
    for section, rows in (("## Preset b2b", B2B_FIRST), ("## Preset ga4", GA4)):
        documented = [row for row in table("channel", section) if row[0] != "Unassigned"]
        assert documented == [(str(row["channel"]), f"`{describe(row)}`") for row in rows]


def test_the_document_lists_every_channel() -> None:
    documented = {row[0] for section in ("## Preset b2b", "## Preset ga4") for row in table("channel", section)}
    assert documented == set(ChannelRules("b2b").channels)


def test_the_document_lists_every_condition_click_id_and_kind() -> None:
    conditions = {key for row in table("key", "## What a row may say") for key in row[0].split(", ")}
    assert conditions == set(CONDITIONS)
    assert table("click id", "## Source and medium") == [(name, *click) for name, click in CLICK_IDS.items()]
    credit = {kind: f"no: {why}" for kind, why in UNCREDITED_KINDS.items()} | dict.fromkeys(CREDITED_KINDS, "yes")
    assert table("kind", "## Kinds") == [(kind, KIND_MEDIUM.get(kind, ""), credit[kind]) for kind in sorted(credit)]


def test_the_documents_example_is_a_valid_configuration() -> None:
    example = yaml.safe_load(DOC.split("```yaml\n")[1].split("```")[0])
    assert channel_rules(example["channels"]).channels[:3] == ("Organic Search", "Partner", "Podcast")
