"""What is junk, and that real identifiers are not."""

import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.identifiers import BRACKETS, JUNK, WORDS, Junk

DOC = (Path(__file__).parents[3] / "docs" / "ingest.md").read_text()


@pytest.mark.parametrize(
    "sent",
    [
        "undefined", "Undefined", "NULL", "none", "NaN", "0", "-1", "anonymous", "Guest", "UNKNOWN", "n/a", "N/A",
        "true", "FALSE", "[object Object]", "00000000-0000-0000-0000-000000000000", "<user_id>", "{{ user.id }}", "{}",
        "${USER}", "*|EMAIL|*", "%%subscriberid%%", "%7B%7Buser%7D%7D", "000000", '""', "(not set)",
    ],
)  # fmt: skip
def test_what_a_program_sends_for_nobody_is_junk(sent: str) -> None:
    assert JUNK.has(sent)


@pytest.mark.parametrize(
    "sent",
    ["1", "42", "-2", "01", "0a", "007", "ann", "u-0", "nullius", "guest7", "trueman", "a{b}", "{open", "noname"],
)
def test_what_may_be_somebodys_identifier_is_not(sent: str) -> None:
    assert not JUNK.has(sent)


@given(st.uuids(version=4).map(str) | st.emails() | st.integers(min_value=1).map(str))
def test_uuids_emails_and_positive_numbers_are_identifiers(sent: str) -> None:
    assert not JUNK.has(sent)
    assert not JUNK.has(sent.upper())


@pytest.mark.parametrize("sent", ["none@none.com", "na@na.com", "unknown@unknown.org", "null@null"])
def test_a_made_up_address_is_junk(sent: str) -> None:
    assert JUNK.has_email(sent)


@pytest.mark.parametrize("sent", ["guest@hotel.com", "null@acme.com", "ann@none.com", "info@unknown.io"])
def test_an_address_that_may_exist_is_not(sent: str) -> None:
    assert not JUNK.has_email(sent)


def test_a_configuration_adds_words_of_any_length_in_any_case() -> None:
    own = Junk([" Kiosk-In-The-Lobby-Of-Our-Head-Office ", "desk@acme.com", ""])
    assert own.has("kiosk-in-the-lobby-of-our-head-office")
    assert own.has_email("desk@acme.com")
    assert own.has("undefined")
    assert not JUNK.has("kiosk-in-the-lobby-of-our-head-office")
    assert not own.has(str(uuid.UUID(int=7)))


def test_the_page_lists_every_word() -> None:
    for where, words in WORDS.items():
        assert f"| {where} | {', '.join(f'`{word}`' for word in words)} |" in DOC
    for opening, closing in BRACKETS:
        assert f"`{opening}`..`{closing}`".replace("|", "\\|") in DOC
