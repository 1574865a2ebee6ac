"""Run all benchmarks, or those named: `python -m tests.bench [ingest] [pipeline] [recompute] [models]`."""

import sys
from importlib import import_module
from pathlib import Path

from tests.bench.rows import Row, show, write

GROUPS = ("ingest", "pipeline", "recompute", "models")


def main(names: list[str]) -> None:
    """Print each group as a table when it is done, and write all of them to bench.json."""
    if unknown := set(names) - set(GROUPS):
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}; there are: {', '.join(GROUPS)}")
    results: dict[str, list[Row]] = {}
    for name in names or GROUPS:
        print(f"measuring {name} ...", flush=True)
        rows = import_module(f"tests.bench.{name}").run()
        results[name] = [Row(**row) if isinstance(row, dict) else row for row in rows]
        show(name, results[name])
    write(Path("bench.json"), results)
    print("written to bench.json")


if __name__ == "__main__":
    main(sys.argv[1:])
