"""Sales' answers in the warehouse, and the alarms of those that are still due."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from services.lifecycle.domain.clock.alarms import Alarm, Pass
from shared.db import Connection


class AnswerRow(NamedTuple):
    """A row of fct_sales_response."""

    person_id: str
    cycle: int
    owner: str | None
    mql_at: datetime
    due_at: datetime
    contact_due_at: datetime
    contacted_at: datetime | None
    decided_at: datetime | None
    decision: str | None
    reason: str | None
    breached: bool
    minutes_to_contact: int | None
    minutes_to_decision: int | None
    returned_at: datetime | None
    return_reason: str | None


class Ringing(NamedTuple):
    """An alarm that is due now, and who is in charge of the lead."""

    alarm: Alarm
    owner: str | None


_SAVE = """
INSERT INTO warehouse.fct_sales_response AS r (person_id, cycle, owner, mql_at, due_at, contact_due_at, contacted_at,
  decided_at, decision, reason, breached, business_minutes_to_contact, business_minutes_to_decision, returned_at,
  return_reason)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
  $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::boolean[], $12::int[], $13::int[],
  $14::timestamptz[], $15::text[])
ON CONFLICT (person_id, cycle) DO UPDATE SET owner = excluded.owner, mql_at = excluded.mql_at, due_at = excluded.due_at,
  contact_due_at = excluded.contact_due_at, contacted_at = excluded.contacted_at, decided_at = excluded.decided_at,
  decision = excluded.decision, reason = excluded.reason, breached = excluded.breached,
  business_minutes_to_contact = excluded.business_minutes_to_contact,
  business_minutes_to_decision = excluded.business_minutes_to_decision, returned_at = excluded.returned_at,
  return_reason = excluded.return_reason
WHERE r.* IS DISTINCT FROM excluded.*
"""


async def save(connection: Connection, answers: Sequence[AnswerRow]) -> None:
    """Store answers; a row that is the same stays untouched."""
    await connection.execute(_SAVE, *map(list, zip(*answers, strict=True)))


async def forget_others(connection: Connection, person_ids: Sequence[str], kept: Iterable[Pass]) -> None:
    """Remove the answers of these persons' other passes: they never came to sales, as is known now."""
    keep = list(kept)
    await connection.execute(
        "DELETE FROM warehouse.fct_sales_response WHERE person_id = ANY($1::uuid[]) "
        "AND (person_id, cycle) NOT IN (SELECT * FROM unnest($2::uuid[], $3::int[]))",
        person_ids,
        [person_id for person_id, _ in keep],
        [cycle for _, cycle in keep],
    )


async def alarms_of(connection: Connection, person_ids: Sequence[str]) -> list[Alarm]:
    """The alarms of these persons, locked. Whoever needs an answer's row as well locks it after them."""
    rows = await connection.fetch(
        "SELECT person_id::text, cycle, what, due_at, rung_as FROM lifecycle.sla_timer "
        "WHERE person_id = ANY($1::uuid[]) ORDER BY person_id, cycle, what, due_at FOR UPDATE",
        person_ids,
    )
    return [Alarm(*row) for row in rows]


async def drop_alarms(connection: Connection, alarms: Sequence[Alarm]) -> None:
    """Remove alarms, whether or not they rang."""
    await connection.execute(
        "DELETE FROM lifecycle.sla_timer t USING unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[]) "
        "AS d(person_id, cycle, what, due_at) "
        "WHERE (t.person_id, t.cycle, t.what, t.due_at) = (d.person_id, d.cycle, d.what, d.due_at)",
        *map(list, zip(*(alarm[:4] for alarm in alarms), strict=True)),
    )


async def put_alarms(connection: Connection, alarms: Sequence[Alarm], earliest: datetime) -> None:
    """Set alarms. None rings before `earliest`; one that rang already (`rung_as`) is kept as such."""
    await connection.execute(
        "INSERT INTO lifecycle.sla_timer (person_id, cycle, what, due_at, rung_as, fire_at) "
        "SELECT *, greatest(due_at, $6) FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::text[]) "
        "AS t(person_id, cycle, what, due_at, rung_as) ON CONFLICT DO NOTHING",
        *map(list, zip(*alarms, strict=True)),
        earliest,
    )


async def ring(connection: Connection, now: datetime, limit: int, mint: Callable[[], str]) -> list[Ringing]:
    """Mark the alarms that are due as rung, the breached answers as breached; what rang, under new ids."""
    rows = await connection.fetch(
        "SELECT t.person_id::text, t.cycle, t.what, t.due_at, r.owner FROM lifecycle.sla_timer t "
        "LEFT JOIN warehouse.fct_sales_response r USING (person_id, cycle) "
        "WHERE t.rung_as IS NULL AND t.fire_at <= $1 ORDER BY t.fire_at, t.person_id, t.cycle, t.what LIMIT $2 "
        "FOR UPDATE OF t SKIP LOCKED",
        now,
        limit,
    )
    ringing = [Ringing(Alarm(row[0], row[1], row[2], row[3], mint()), row[4]) for row in rows]
    if not ringing:
        return []
    columns = list(map(list, zip(*(alarm for alarm, _ in ringing), strict=True)))
    await connection.execute(
        "UPDATE lifecycle.sla_timer t SET rung_as = n.rung_as "
        "FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::text[]) "
        "AS n(person_id, cycle, what, due_at, rung_as) "
        "WHERE (t.person_id, t.cycle, t.what, t.due_at) = (n.person_id, n.cycle, n.what, n.due_at)",
        *columns,
    )
    late = [alarm for alarm, _ in ringing if alarm.what.endswith("_breached")]
    await connection.execute(
        "UPDATE warehouse.fct_sales_response r SET breached = true FROM unnest($1::uuid[], $2::int[]) "
        "AS l(person_id, cycle) WHERE (r.person_id, r.cycle) = (l.person_id, l.cycle)",
        [alarm.person_id for alarm in late],
        [alarm.cycle for alarm in late],
    )
    return ringing
