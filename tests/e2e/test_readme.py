"""The README's own words, run: its curl, its commands, its SQL, and the output it shows."""

import re
import subprocess

import asyncpg

from tests.databases import run
from tests.e2e.running import CLOSEDLOOP, Closedloop
from tests.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_event_and_the_sql_work_as_written(closedloop: Closedloop) -> None:
    first, then = blocks("sh")
    (sql,) = blocks("sql")
    with closedloop.up():
        keys = {"WRITE_KEY": str(closedloop.keys.write_key), "SECRET_KEY": str(closedloop.keys.secret_key)}
        answers = shell(closedloop, first.replace("http://127.0.0.1:8080", closedloop.url), keys)
        assert answers.count('"accepted":1') == 2
        said = shell(closedloop, then.replace("closedloop ", f"{CLOSEDLOOP} "), keys)
        assert re.search(r"Paid Search +1,200", said)
        explained = closedloop.run("explain", "deal", "deal-1", "--model", "first")
        assert re.search(r"Paid Search +google /", explained)  # a cell of a full table may go on below
        assert re.search(r"\bcpc\b", explained)
        assert re.search(r"prospect +lead +voluntary_act", said)
        by_channel, as_of = sql.strip().rstrip(";").split(";")
        database_url = closedloop.state.database_url
        assert run(rows(database_url, by_channel)) == [("Paid Search", 1200)]
        assert run(rows(database_url, as_of)) == []


def test_the_pages_the_readme_names_are_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_no_line_of_the_output_shown_is_wider_than_a_hundred_columns() -> None:
    (shown,) = blocks("text")
    assert max(map(len, shown.splitlines())) <= 100


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def shell(closedloop: Closedloop, script: str, variables: dict[str, str]) -> str:
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=closedloop.folder, env=closedloop.environment | variables, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


async def rows(database_url: str, sql: str) -> list[tuple[object, ...]]:
    """What an analyst sees."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SET ROLE bi_reader")
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()
