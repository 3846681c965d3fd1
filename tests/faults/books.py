"""Checks of consistency: each answer is compared with all its rows in the five databases."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tests.faults.city import READY_SECONDS, City
from tests.faults.stream import NO_ANSWER, REFUSALS, Answer, Stream
from tests.hospital import eventually

DEADLINE_SECONDS = 5.0
GRACE_SECONDS = 1.0

# One row for each booking of the stream: its key, its id, and its number of rows of each kind.
WRITTEN = """
    WITH said AS (
        SELECT subject, count(*) AS number FROM outbox WHERE name = 'appointment_requested' GROUP BY subject
    ), kept AS (
        SELECT key, reply->'is'->>'id' AS id FROM idempotency
        WHERE command = 'book_appointment' AND key = ANY(:keys)
    )
    SELECT key, kept.id,
        (SELECT count(*) FROM appointment a WHERE a.id = kept.id::uuid) AS appointments,
        (SELECT count(*) FROM appointment_change c WHERE c.appointment_id = kept.id::uuid AND revision = 1) AS changes,
        coalesce(said.number, 0) AS events,
        (SELECT count(*) FROM audit l
            WHERE l.record_id = kept.id::uuid AND l.action = 'book_appointment' AND l.allowed) AS audited
    FROM kept LEFT JOIN said ON said.subject = kept.id
"""
# The number of appointments that lack rows or overlap, of all appointments in the database.
PARTIAL = """
    WITH keyed AS (SELECT DISTINCT reply->'is'->>'id' AS id FROM idempotency),
        said AS (SELECT subject AS id, count(*) AS number FROM outbox WHERE NOT internal GROUP BY subject),
        changed AS (SELECT appointment_id AS id, count(*) AS number FROM appointment_change GROUP BY appointment_id),
        audited AS (SELECT record_id AS id, count(*) AS number FROM audit GROUP BY record_id),
        active AS (
            SELECT starts_at, lag(ends_at) OVER (PARTITION BY doctor_id ORDER BY starts_at) AS before
            FROM appointment WHERE status <> 'fulfilled'
        )
    SELECT
        count(*) FILTER (WHERE keyed.id IS NULL) AS without_key,
        count(*) FILTER (WHERE said.number IS DISTINCT FROM a.revision) AS without_events,
        count(*) FILTER (WHERE changed.number IS DISTINCT FROM a.revision) AS without_history,
        count(*) FILTER (WHERE audited.number IS DISTINCT FROM a.revision) AS without_audit,
        (SELECT count(*) FROM active WHERE before > starts_at) AS overlaps
    FROM appointment a
    LEFT JOIN keyed ON keyed.id = a.id::text
    LEFT JOIN said ON said.id = a.id::text
    LEFT JOIN changed ON changed.id = a.id
    LEFT JOIN audited ON audited.id = a.id
"""
TOLD = "SELECT subject_id::text, count(*) FROM notification WHERE kind = :kind GROUP BY 1"
INVOICED = """
    SELECT i.appointment_id::text, count(*) FROM invoice i
    JOIN ledger_entry l ON l.invoice_id = i.id AND l.kind = 'charge' GROUP BY 1
"""
IN_CARE = "SELECT appointment_id::text, count(*) FROM care_relation GROUP BY 1"
INVOICES = "SELECT i.id::text FROM invoice i WHERE i.appointment_id::text = ANY(:visits)"


@dataclass(frozen=True)
class Counted:
    """The counts, for the reader of a test run."""

    statuses: Counter[int]
    slowest: float
    booked: int
    notified: int
    visits: int
    invoiced: int

    def __str__(self) -> str:
        answers = ", ".join(f"{number} x {status or 'no answer'}" for status, number in sorted(self.statuses.items()))
        return (
            f"answers: {answers}; slowest {self.slowest:.2f} s; rows: {self.booked} bookings, "
            f"{self.notified} doctors notified, {self.visits} visits, {self.invoiced} invoices"
        )


def assert_consistent(city: City, stream: Stream, *, unanswered: bool = False) -> Counted:
    """Assert that nothing was lost and nothing was done twice."""
    _check_answers([*stream.bookings, *stream.steps], unanswered=unanswered)
    written = _written(city, stream.bookings)
    _check_rows(stream.bookings, written)
    _check_repeated(stream.bookings, written)
    _check_nothing_partial(city)
    notified = _check_once(city, "notify", TOLD, {row.id for row in written}, kind="appointment_requested")
    for kind in ("appointment_booked", "visit_completed"):
        _check_once(city, "notify", TOLD, stream.visits, kind=kind)
    _check_once(city, "clinical", IN_CARE, stream.visits)
    invoiced = _check_once(city, "billing", INVOICED, stream.visits)
    invoices = [row[0] for row in city.rows("billing", INVOICES, visits=stream.visits)]
    _check_once(city, "notify", TOLD, invoices, kind="invoice_issued")
    slowest = max(answer.seconds for answer in stream.bookings)
    counted = Counted(stream.statuses(), slowest, len(written), notified, len(stream.visits), invoiced)
    print(counted)
    return counted


def _check_answers(answers: Iterable[Answer], *, unanswered: bool) -> None:
    """Assert that each request ended in time, with an allowed answer."""
    may_be = {200, 201, 409, *REFUSALS, *([NO_ANSWER] if unanswered else [])}
    strange = [answer for answer in answers if answer.status not in may_be]
    late = [answer for answer in answers if answer.seconds > DEADLINE_SECONDS + GRACE_SECONDS]
    assert not strange, strange
    assert not late, late


def _written(city: City, answers: Iterable[Answer]) -> list[Any]:
    return city.rows("scheduling", WRITTEN, keys=[answer.key for answer in answers])


def _check_rows(answers: Iterable[Answer], written: Iterable[Any]) -> None:
    """Assert that each confirmed booking is stored whole, and no refused booking is."""
    ids = {row.key: row.id for row in written}
    lost = [answer for answer in answers if answer.status == 201 and ids.get(answer.key) != answer.id]
    ghosts = [answer for answer in answers if answer.status in (409, 503) and answer.key in ids]
    halves = [row for row in written if tuple(row)[2:] != (1, 1, 1, 1)]
    assert not lost, lost
    assert not ghosts, ghosts
    assert not halves, halves


def _check_repeated(answers: Iterable[Answer], written: Iterable[Any]) -> None:
    """Assert that an unanswered but stored booking is returned to a retry with its key."""
    ids = {row.key: row.id for row in written}
    for answer in answers:
        if answer.status in (504, NO_ANSWER) and answer.key in ids:
            again = answer.again()
            assert (again.status, again.id) == (201, ids[answer.key]), again


def _check_nothing_partial(city: City) -> None:
    (row,) = city.rows("scheduling", PARTIAL)
    assert not any(row), row._asdict()


def _check_once(city: City, service: str, statement: str, expected: Collection[str], **values: str) -> int:
    """Assert that each of these ends with one row."""
    wanted = set(expected)
    found = lambda: dict(tuple(row) for row in city.rows(service, statement, **values))  # noqa: E731
    eventually(lambda: wanted <= found().keys(), seconds=READY_SECONDS, every=0.2)
    twice = {record: number for record, number in found().items() if number != 1}
    assert not twice, twice
    return len(wanted)
