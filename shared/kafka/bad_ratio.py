"""How many bad records are too many: a pure window over the last results."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BadRatio:
    """The share of bad records among the last `window` or so (older ones fade by halves)."""

    limit: float
    window: int
    seen: int = 0
    bad: int = 0

    def after(self, seen: int, bad: int) -> "BadRatio":
        """The window with one more batch in it."""
        total, wrong = self.seen + seen, self.bad + bad
        while total > self.window:
            total, wrong = total // 2, wrong // 2
        return BadRatio(self.limit, self.window, total, wrong)

    @property
    def exceeded(self) -> bool:
        """True once enough was seen to judge and more than `limit` of it was bad."""
        return self.seen >= self.window // 4 and self.bad > self.limit * self.seen
