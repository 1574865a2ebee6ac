"""Sales' answers in the warehouse, and the alarms of those that are still due."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.clock.sla import Timer
from services.lifecycle.store.persons import Pass
from shared.db import Connection


class Answer(NamedTuple):
    """A row of fct_sales_response."""

    person_id: str
    cycle: int
    owner: str | None
    mql_at: datetime
    due_at: datetime
    contacted_at: datetime | None
    decided_at: datetime | None
    decision: str | None
    reason: str | None
    breached: bool
    minutes_to_contact: int | None
    minutes_to_decision: int | None


class Alarm(NamedTuple):
    """A timer that is due."""

    person_id: str
    cycle: int
    what: str
    due_at: datetime
    owner: str | None


_SAVE = """
INSERT INTO warehouse.fct_sales_response AS r SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[],
  $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[], $10::boolean[], $11::int[],
  $12::int[])
ON CONFLICT (person_id, cycle) DO UPDATE SET owner = excluded.owner, mql_at = excluded.mql_at, due_at = excluded.due_at,
  contacted_at = excluded.contacted_at, decided_at = excluded.decided_at, decision = excluded.decision,
  reason = excluded.reason, breached = excluded.breached,
  business_minutes_to_contact = excluded.business_minutes_to_contact,
  business_minutes_to_decision = excluded.business_minutes_to_decision
WHERE r.* IS DISTINCT FROM excluded.*
RETURNING person_id::text, cycle
"""


async def save(connection: Connection, answers: Sequence[Answer]) -> set[Pass]:
    """Store answers; the passes whose row changed."""
    rows = await connection.fetch(_SAVE, *map(list, zip(*answers, strict=True)))
    return {(row[0], row[1]) for row in rows}


async def forget_others(connection: Connection, person_ids: Sequence[str], kept: Iterable[Pass]) -> None:
    """Remove the answers and alarms of these persons' other passes: they never came to sales, as is known now."""
    keep = list(kept)
    for table in ("warehouse.fct_sales_response", "lifecycle.sla_timer"):
        await connection.execute(
            f"DELETE FROM {table} WHERE person_id = ANY($1::uuid[]) "  # noqa: S608 - one of two constants
            "AND (person_id, cycle) NOT IN (SELECT * FROM unnest($2::uuid[], $3::int[]))",
            person_ids,
            [person_id for person_id, _ in keep],
            [cycle for _, cycle in keep],
        )


async def set_timers(connection: Connection, passes: Iterable[Pass], timers: Sequence[tuple[Pass, Timer]],
                     earliest: datetime) -> None:  # fmt: skip
    """These passes have these alarms and no others; none rings before `earliest`, none that rang rings again."""
    each = list(passes)
    await connection.execute(
        "DELETE FROM lifecycle.sla_timer t USING unnest($1::uuid[], $2::int[]) AS p(person_id, cycle) "
        "WHERE t.person_id = p.person_id AND t.cycle = p.cycle AND t.fired_at IS NULL",
        [person_id for person_id, _ in each],
        [cycle for _, cycle in each],
    )
    await connection.execute(
        "INSERT INTO lifecycle.sla_timer (person_id, cycle, what, due_at, fire_at) "
        "SELECT *, greatest(due_at, $5) FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[]) "
        "AS t(person_id, cycle, what, due_at) ON CONFLICT DO NOTHING",
        [person_id for (person_id, _), _ in timers],
        [cycle for (_, cycle), _ in timers],
        [timer.what for _, timer in timers],
        [timer.due_at for _, timer in timers],
        earliest,
    )


async def ring(connection: Connection, now: datetime, limit: int) -> list[Alarm]:
    """Mark the alarms that are due as rung, the breached answers as breached; what rang."""
    rows = await connection.fetch(
        "UPDATE lifecycle.sla_timer t SET fired_at = $1 FROM (SELECT person_id, cycle, what FROM lifecycle.sla_timer "
        "WHERE fired_at IS NULL AND fire_at <= $1 ORDER BY fire_at LIMIT $2 FOR UPDATE SKIP LOCKED) due "
        "WHERE (t.person_id, t.cycle, t.what) = (due.person_id, due.cycle, due.what) "
        "RETURNING t.person_id::text, t.cycle, t.what, t.due_at, (SELECT owner FROM warehouse.fct_sales_response r "
        "WHERE r.person_id = t.person_id AND r.cycle = t.cycle)",
        now,
        limit,
    )
    alarms = [Alarm(*row) for row in rows]
    late = [alarm for alarm in alarms if alarm.what.endswith("_breached")]
    await connection.execute(
        "UPDATE warehouse.fct_sales_response r SET breached = true FROM unnest($1::uuid[], $2::int[]) "
        "AS l(person_id, cycle) WHERE (r.person_id, r.cycle) = (l.person_id, l.cycle)",
        [alarm.person_id for alarm in late],
        [alarm.cycle for alarm in late],
    )
    return alarms
