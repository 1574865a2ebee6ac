"""What starts before what. Pure."""

from collections.abc import Collection
from graphlib import TopologicalSorter

NEEDS: dict[str, frozenset[str]] = {
    "kafka": frozenset(),
    "postgres": frozenset(),
    "ingest": frozenset({"kafka", "postgres"}),
    "lifecycle": frozenset({"kafka", "postgres"}),
    "attribution": frozenset({"kafka", "postgres"}),
}
"""Process -> what must answer before it is first started. Later it lives through their restarts on its own."""


def waves(names: Collection[str]) -> list[list[str]]:
    """The named processes in waves: all of a wave start together, once the wave before answers. Stop in reverse.

    What a process needs and is not named runs elsewhere, so nothing waits for it.
    """
    sorter = TopologicalSorter({name: NEEDS[name] & set(names) for name in names})
    sorter.prepare()
    result = []
    while sorter.is_active():
        wave = sorted(sorter.get_ready())
        result.append(wave)
        sorter.done(*wave)
    return result
