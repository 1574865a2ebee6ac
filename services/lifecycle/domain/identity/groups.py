"""Connected components, found as links come in."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)


class Groups(Generic[N]):
    """Things that belong together."""

    def __init__(self) -> None:
        self._parent: dict[N, N] = {}

    def find(self, node: N) -> N:
        """The representative of a node's group."""
        parent = self._parent
        root = node
        while (up := parent.get(root, root)) != root:
            root = up
        while (up := parent.get(node, node)) != root:
            parent[node], node = root, up
        return root

    def join(self, one: N, other: N) -> None:
        """Put two nodes, with all that is with them, into one group."""
        a, b = self.find(one), self.find(other)
        if a != b:
            self._parent[b] = a

    def of(self, nodes: Iterable[N]) -> list[set[N]]:
        """These nodes by group."""
        together: dict[N, set[N]] = {}
        for node in nodes:
            together.setdefault(self.find(node), set()).add(node)
        return list(together.values())
