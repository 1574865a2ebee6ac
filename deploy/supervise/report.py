"""What a person sees while closedloop starts, runs and stops: one aligned line a fact, on standard error or out."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

WIDTH = 13  # of the first column: the longest name and a gap


class Report:
    """Prints to `console`. `follow` names log files whose new lines are shown as they come (`--verbose`)."""

    def __init__(self, console: Console, follow: Sequence[Path] = ()) -> None:
        self._console = console
        self._status: Status | None = None
        self._said_fetching = False
        self._follow = {path: path.stat().st_size if path.exists() else 0 for path in follow}

    def doing(self, what: str) -> None:
        """Say what is going on now: one line that the next one replaces; only on a terminal."""
        if not self._console.is_terminal:
            return
        if self._status is None:
            self._status = self._console.status(escape(what), spinner="dots")
            self._status.start()
        self._status.update(escape(what))

    def fetching(self, what: str) -> None:
        """The same for what takes long the first time: without a terminal, that it began is said once."""
        if not self._console.is_terminal and not self._said_fetching:
            self._console.print(f"  {escape(what)}", highlight=False)
        self._said_fetching = True
        self.doing(what)

    def up(self, name: str, address: str, seconds: float) -> None:
        """Something is up and answers."""
        self.line(name, address, f"in {seconds:.1f} s", "green")

    def line(self, name: str, what: str, note: str = "", style: str = "cyan") -> None:
        """One aligned fact."""
        text = f"  [{style}]{name:<{WIDTH}}[/]{escape(what)}"
        self._console.print(text + (f"  [dim]{escape(note)}[/]" if note else ""), highlight=False, soft_wrap=True)

    def event(self, name: str, what: str) -> None:
        """Something unasked for happened to a process."""
        self.line(name, what, style="yellow")

    def text(self, *lines: str) -> None:
        """Plain lines, with rich's markup."""
        for line in lines:
            self._console.print(f"  {line}" if line else "", highlight=False, soft_wrap=True)

    def settled(self) -> None:
        """Nothing is going on any more: take the spinner away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def failed(self, problem: Exception) -> None:
        """What went wrong, with what to do about it."""
        self.settled()
        self._console.print(
            f"\n  [bold red]closedloop stopped[/]  {escape(str(problem))}", highlight=False, soft_wrap=True
        )

    def stopping(self, names: Iterable[str]) -> None:
        """The end has begun."""
        self.settled()
        if names := list(names):
            self._console.print(f"\n  Stopping {', '.join(names)} ...", highlight=False)

    def show_logs(self) -> None:
        """Print what the followed logs have gained since the last time."""
        for path, seen in self._follow.items():
            if not path.exists():
                continue
            with path.open("rb") as log:
                log.seek(seen if path.stat().st_size >= seen else 0)  # a rotated log starts again
                new = log.read()
                whole = new[: new.rfind(b"\n") + 1]
                self._follow[path] = log.tell() - len(new) + len(whole)
            for line in whole.decode(errors="replace").splitlines():
                self._console.print(f"[dim]{path.stem:<{WIDTH}}[/]{escape(line)}", highlight=False, soft_wrap=True)
