"""Reading, sending, rejecting: against an ingest that answers as the real one does."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.importing import send
from cli.importing.convert import Converter
from cli.importing.fields import TARGETS
from cli.importing.mapfile import Map
from cli.importing.rejects import Rejects
from cli.importing.rows import UnreadableFile, opened
from cli.importing.run import Counts, import_rows
from cli.importing.send import Receiver, SendingFailed
from services.ingest.domain.rejection import Problem
from services.ingest.http.answer import answer
from services.ingest.letters import Reject

DEALS = TARGETS["deals"]
Answer = Callable[[list[dict[str, Any]]], httpx.Response]


class Ingest:
    """Keeps what it is sent; `answers` are used up first, one a request."""

    def __init__(self, *answers: httpx.Response | Exception, bad: frozenset[str] = frozenset()) -> None:
        self.answers = list(answers)
        self.bad = bad
        self.taken: list[dict[str, Any]] = []
        self.batches: list[int] = []
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        items = json.loads(request.content)["deals"]
        self.batches.append(len(items))
        rejected = [
            {"index": index, "id": item["id"], "errors": [{"path": "amount", "message": "is bad"}]}
            for index, item in enumerate(items)
            if item["id"] in self.bad
        ]
        self.taken += [item for item in items if item["id"] not in self.bad]
        return httpx.Response(202, json={"accepted": len(items) - len(rejected), "rejected": rejected})


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "_LONGEST_PAUSE", 0.01)


async def run(ingest: Ingest, file: Path, fields: dict[str, Any] | None = None, form: str | None = None) -> Counts:
    with opened(file, form, ",", "utf-8") as table, Rejects(file.with_suffix(".rejects"), table.columns) as rejects:
        converter = Converter(Map(fields=fields) if fields else None, DEALS)
        receiver = Receiver(ingest.http, "http://ingest", DEALS.path, "key")
        return await import_rows(table, converter, receiver, rejects, ordered=True, tell=lambda *_: None)


def written(folder: Path, text: str, name: str = "deals.csv") -> Path:
    file = folder / name
    file.write_text(text)
    return file


async def test_rows_arrive_in_order_and_in_bounded_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "MOST_ITEMS", 4)
    ingest = Ingest()
    file = written(tmp_path, "n\n" + "".join(f"{n}\n" for n in range(10)))
    counts = await run(ingest, file, {"id": "n"})
    assert [item["id"] for item in ingest.taken] == [str(n) for n in range(10)]
    assert ingest.batches == [4, 4, 2]
    assert (counts.rows, counts.accepted, counts.rejected) == (10, 10, 0)
    assert not file.with_suffix(".rejects").exists()


async def test_a_rejected_row_keeps_its_line_its_reasons_and_its_cells(tmp_path: Path) -> None:
    file = written(tmp_path, 'n,note\n1,"two\nlines"\n2,b\n3,c\n4\n')
    counts = await run(Ingest(bad=frozenset({"2"})), file, {"id": "n"})
    rows = list(csv.reader(file.with_suffix(".rejects").open()))
    assert rows == [
        ["_line", "_reasons", "n", "note"],
        ["6", "row: has 1 cells, the header 2", "4", ""],
        ["4", "amount: is bad", "2", "b"],
    ]
    assert (counts.accepted, counts.rejected) == (2, 2)


async def test_rejected_rows_that_the_answer_tells_together_are_kept_one_by_one(tmp_path: Path) -> None:
    file = written(tmp_path, "n\n" + "".join(f"{n}\n" for n in range(80)))
    problems = (Problem("amount", "is bad"),)
    ingest = Ingest(told(0, [Reject(n, b"{}", problems) for n in range(80)]))
    counts = await run(ingest, file, {"id": "n"})
    assert (counts.accepted, counts.rejected) == (0, 80)
    rows = list(csv.reader(file.with_suffix(".rejects").open()))
    assert rows[1:] == [[str(n + 2), "amount: is bad", str(n)] for n in range(80)]


def told(accepted: int, rejects: list[Reject]) -> httpx.Response:
    found = answer(accepted, rejects)
    return httpx.Response(found.status, content=found.body)


async def test_json_lines_need_no_map_and_a_broken_line_is_rejected_alone(tmp_path: Path) -> None:
    ingest = Ingest()
    file = written(tmp_path, '{"id": 1}\n\n{oops\n[1]\n{"status": "won"}\n', "deals.jsonl")
    counts = await run(ingest, file)
    assert ingest.taken[0] == {"id": 1}
    assert ingest.taken[1]["id"].startswith("row-")
    rejects = [json.loads(line) for line in file.with_suffix(".rejects").open()]
    assert [reject["_line"] for reject in rejects] == [3, 4]
    assert counts.rejected == 2


async def test_a_busy_or_restarting_service_is_asked_again(tmp_path: Path) -> None:
    ingest = Ingest(
        httpx.Response(503, headers={"Retry-After": "1"}),
        httpx.ConnectError("refused"),
        httpx.Response(429, headers={"Retry-After": "soon"}),
    )
    counts = await run(ingest, written(tmp_path, "n\n1\n"), {"id": "n"})
    assert counts.accepted == 1


async def test_a_service_that_stays_away_is_given_up_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "PATIENCE", 0.05)
    ingest = Ingest(*[httpx.Response(503)] * 1000)
    with pytest.raises(SendingFailed, match=r"it answers 503.*counts nothing twice"):
        await run(ingest, written(tmp_path, "n\n1\n"), {"id": "n"})


@pytest.mark.parametrize(("status", "said"), [(401, "key is not known"), (403, "may not send"), (400, "answered 400")])
async def test_a_refusal_is_not_repeated(tmp_path: Path, status: int, said: str) -> None:
    ingest = Ingest(httpx.Response(status, text="no"))
    with pytest.raises(SendingFailed, match=said):
        await run(ingest, written(tmp_path, "n\n1\n"), {"id": "n"})


async def test_a_batch_too_large_is_halved_and_an_item_too_large_rejected(tmp_path: Path) -> None:
    too_large = httpx.Response(413)
    ingest = Ingest(too_large, too_large)  # the batch of two, then its first half, which is one item
    file = written(tmp_path, "n\n1\n2\n")
    counts = await run(ingest, file, {"id": "n"})
    assert [item["id"] for item in ingest.taken] == ["2"]
    assert (counts.accepted, counts.rejected) == (1, 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"a,b,a\n", "two columns are called 'a'"),
        (b"a,b\nx,\xff\xfe\n", "not utf-8 text"),
    ],
)
async def test_a_file_that_is_something_else_says_so(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "deals.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableFile, match=said):
        await run(Ingest(), file, {"id": "a"})


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"), opened(tmp_path / "no.csv", None, ",", "utf-8"):
        pass


async def test_excels_mark_at_the_beginning_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    file.write_bytes(b"\xef\xbb\xbfn\n1\n")
    ingest = Ingest()
    await run(ingest, file, {"id": "n"})
    assert ingest.taken == [{"id": "1"}]
