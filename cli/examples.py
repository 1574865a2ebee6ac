"""Lines to try, for every command's --help. A test parses each of them, and runs those that need no engines."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "up": ("closedloop up", "closedloop up --data /srv/closedloop --port 9000"),
    "demo": ("closedloop demo", "closedloop demo --seed 8 --days 30 --accounts 100"),
    "status": ("closedloop status", "closedloop status --json"),
    "wait": ("closedloop wait", "closedloop wait --drained"),
    "import touchpoints": (
        "closedloop import touchpoints visits.csv",
        "closedloop import touchpoints visits.csv --map visits.map.yaml",
    ),
    "import deals": ("closedloop import deals deals.jsonl --map deals.map.yaml",),
    "report": (
        "closedloop report",
        "closedloop report revenue_by_channel --from 2026-01 --to 2026-06",
        "closedloop report revenue_by_channel --by quarter --model w_shaped",
        "closedloop report sales_by_websource --model w_shaped --format csv",
        "closedloop report revenue_by_channel --as-of 2026-03-31T22:00:00Z",
    ),
    "explain deal": ("closedloop explain deal D-1042", "closedloop explain deal D-1042 --model w_shaped"),
    "lead": ("closedloop lead ann@acme.com",),
    "config check": ("closedloop config check", "closedloop config check closedloop.yaml"),
    "doctor": ("closedloop doctor",),
    "channels test": (
        "closedloop channels test --url 'https://example.com/?gclid=1'",
        "closedloop channels test --referrer https://www.bing.com/",
    ),
    "channels list": ("closedloop channels list",),
    "rebuild channels": ("closedloop rebuild channels --dry-run", "closedloop rebuild channels"),
    "rebuild attribution": ("closedloop rebuild attribution --dry-run",),
    "attribute": (
        "closedloop attribute --example > journeys.csv",
        "closedloop attribute journeys.csv --by channel --format table",
    ),
}
"""By command and subcommand. A shell reads a line as it stands."""


def told(command: str) -> str:
    """The end of a command's help: its examples; of one that groups others, all of theirs."""
    lines = [line for name, lines in EXAMPLES.items() if f"{name} ".startswith(f"{command} ") for line in lines]
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines) if lines else ""
