"""Attribution models: 1,000,000 touches of 200,000 journeys through 20 channels, from the file to the result.

`python -m tests.bench.models` prints the rows; `make bench-peers` adds ChannelAttribution (PyPI) on the same file.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

JOURNEYS, TOUCHES, CHANNELS = 200_000, 1_000_000, 20
PEERS = Path(".venv-peers/bin/python")
RULES = "first,last,linear,last_non_direct,u_shaped,u_lead,w_shaped,full_path,time_decay,j_shaped,inverse_j"
ROUNDS = 3
_PEER = """
import sys, time
start = time.perf_counter()
import pandas, ChannelAttribution as ca
data = pandas.read_csv(sys.argv[1])
columns = dict(var_path="path", var_conv="conversions", var_value="value")
if sys.argv[2] == "heuristic":
    print(ca.heuristic_models(data, **columns, flg_pro=False))
else:
    print(ca.markov_model(data, **columns, var_null="nulls", order=1, ncore=1, verbose=False, flg_pro=False))
"""


def run() -> list[dict[str, object]]:
    """Rows {name, value, unit, note}: medians of three, each in a process of its own on one core."""
    with tempfile.TemporaryDirectory() as folder:
        long, shuffled, wide = (Path(folder) / f"{name}.csv" for name in ("long", "shuffled", "wide"))
        _write(long, shuffled, wide)
        return [*_ours(long, shuffled, wide), *_peer(wide)]


def _ours(long: Path, shuffled: Path, wide: Path) -> Iterator[dict[str, object]]:
    by_channel = ("--by", "channel", "--models")
    for name, file, options in (
        ("models: all rules + markov", long, (*by_channel, f"{RULES},markov")),
        ("models: all rules + markov, rows shuffled", shuffled, (*by_channel, f"{RULES},markov")),
        ("models: all rules", long, (*by_channel, RULES)),
        ("models: markov", long, (*by_channel, "markov")),
        ("models: shapley", long, (*by_channel, "shapley")),
        ("models: all, credits per journey, money to the cent", long, ("--currency", "USD")),
        ("models: first, last, linear, one path per row", wide, (*by_channel, "first,last,linear")),
        ("models: markov, one path per row", wide, (*by_channel, "markov")),
    ):
        command = (sys.executable, "-c", "from cli.main import main; main()", "attribute", str(file), *options)
        yield _timed(name, "file to result, start of Python included", command)


def _peer(wide: Path) -> Iterator[dict[str, object]]:
    installed = (
        PEERS.exists() and not subprocess.run((PEERS, "-c", "import ChannelAttribution"), check=False).returncode
    )
    if not installed:
        return
    for what in ("heuristic", "markov"):
        command = (str(PEERS), "-c", _PEER, str(wide), what)
        yield _timed(f"models: ChannelAttribution {what}, one path per row", "peer; the same file", command)


def _timed(name: str, note: str, command: tuple[str, ...]) -> dict[str, object]:
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    taken, worked = [], []
    for _ in range(ROUNDS):
        start, before = time.perf_counter(), os.times()
        _on_one_core(command)
        taken.append(time.perf_counter() - start)
        after = os.times()
        worked.append(after.children_user + after.children_system - before.children_user - before.children_system)
    if cores is not None:
        os.sched_setaffinity(0, cores)
    # On a busy machine the CPU time tells more than the clock.
    note = f"{sorted(worked)[ROUNDS // 2]:.2f} s of CPU; {note}"
    return {"name": name, "value": round(sorted(taken)[ROUNDS // 2], 2), "unit": "s", "note": note}


def _on_one_core(command: tuple[str, ...]) -> None:
    if hasattr(os, "sched_setaffinity"):
        # The child inherits it; libraries that count cores must not start threads for the ones they may not use.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryFile() as result:
        done = subprocess.run(command, check=False, stdout=result, stderr=subprocess.PIPE, text=True)
        # A command that printed nothing did nothing, however fast.
        if done.returncode or not result.seek(0, os.SEEK_END):
            raise RuntimeError(f"{' '.join(command)[:200]} failed: {done.stderr[-2000:]}")


def _write(long: Path, shuffled: Path, wide: Path) -> None:
    """The same journeys three ways: a row per touch in order, the same shuffled, a row per path. 40 in 100 convert."""
    random = np.random.default_rng(4)
    journey = np.sort(np.concatenate((np.arange(JOURNEYS), random.integers(0, JOURNEYS, TOUCHES - JOURNEYS))))
    popularity = 1 / np.arange(1, CHANNELS + 1) ** 0.7
    channel = random.choice(CHANNELS, TOUCHES, p=popularity / popularity.sum())
    names = np.array(["Direct", *(f"Channel {i:02}" for i in range(1, CHANNELS))])
    first = np.r_[True, journey[1:] != journey[:-1]]
    gaps = random.integers(60, 5 * 86_400, TOUCHES)
    at = 1_767_225_600 + np.cumsum(gaps) - np.maximum.accumulate(np.where(first, np.cumsum(gaps), 0))
    last = np.r_[first[1:], True]
    converts = random.random(JOURNEYS) < 0.4
    value = np.where(converts, random.integers(5_000, 9_000_000, JOURNEYS) / 100, 0)
    step = np.arange(TOUCHES) - np.maximum.accumulate(np.where(first, np.arange(TOUCHES), 0))
    position = np.where(step == 1, "lead_created", np.where(step == 3, "opportunity_created", ""))
    closed = np.where(converts[journey], (at[last] + 3_600)[journey].astype("datetime64[s]").astype(str), "")
    table = pa.table(
        {
            "journey_id": np.char.add("j", journey.astype(str)),
            "channel": names[channel],
            "occurred_at": np.char.add(at.astype("datetime64[s]").astype(str), "Z"),
            "position": position,
            "converted_at": np.where(closed == "", "", np.char.add(closed, "Z")),
            "value": value[journey],
        }
    )
    plain = pa_csv.WriteOptions(quoting_style="none")
    pa_csv.write_csv(table, long, plain)
    pa_csv.write_csv(table.take(random.permutation(TOUCHES)), shuffled, plain)
    steps = np.split(names[channel], np.flatnonzero(first)[1:])
    paths = {"path": [" > ".join(own) for own in steps], "conversions": converts.astype(int), "value": value}
    pa_csv.write_csv(pa.table({**paths, "nulls": (~converts).astype(int)}), wide, plain)


if __name__ == "__main__":
    for row in run():
        print(f"{row['value']:>8} {row['unit']:<3} {row['name']:<60} {row['note']}")
