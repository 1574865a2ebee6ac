"""What `closedloop doctor` looks at: one function a question, each answered by findings that say what to do."""

from collections.abc import Callable, Iterator

from deploy.checks import configuration, content, machine, people, running
from deploy.checks.finding import Finding, Situation
from shared.errors import ClosedloopError

__all__ = ["CHECKS", "Finding", "Situation", "examine"]

CHECKS: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    machine.python,
    configuration.sections,
    machine.data_folder,
    machine.java,
    machine.postgres_programs,
    machine.ports,
    running.kafka,
    running.database,
    running.services,
    content.backlog,
    content.dead_letters,
    content.deals_not_computed,
    content.shared_identifiers,
    people.set_aside,
)


def examine(situation: Situation) -> Iterator[Finding]:
    """The findings of all checks, one after the other."""
    for check in CHECKS:
        try:
            yield from check(situation)
        except ClosedloopError as problem:
            yield Finding("fail", check.__name__.replace("_", " "), str(problem))
