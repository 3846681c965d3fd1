"""The data and the requests: the same people, doctors and slots for all targets."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import text

from chassis.persistence.database import Database
from transports.engines import take_time

APPOINTMENTS = 100_000
READERS = 500
"""Patients with 200 appointments each, who log in and read their lists."""
BOOKERS = 50_000
"""Patients who book five appointments each: the limit of open requests."""
EACH = 5
DOCTORS = 200
OPENS, SLOT, SLOTS_A_DAY = time(9), timedelta(minutes=30), 16
FIRST_DAY = datetime.now(UTC).date() + timedelta(days=2)
"""The day of the first booked slot; the same for the whole run, also past midnight."""
PASSWORD = "correct-horse-battery-41"  # noqa: S105  opens nothing but these databases

_PATIENT, _DOCTOR, _NURSE, _TECHNICIAN, _ORDER = (kind << 32 for kind in range(1, 6))
_BASE = UUID("00000000-0000-7000-8000-000000000000").int


def _id_in_sql(kind: int) -> str:
    """Return SQL for the id with a number, which replaces the braces."""
    return f"('00000000-0000-7000-8000-' || lpad(to_hex({{}} + {kind}), 12, '0'))::uuid"


PATIENT_ID, DOCTOR_ID, NURSE_ID = _id_in_sql(_PATIENT), _id_in_sql(_DOCTOR), _id_in_sql(_NURSE)
TECHNICIAN_ID, ORDER_ID = _id_in_sql(_TECHNICIAN), _id_in_sql(_ORDER)


def patient_id(number: int) -> UUID:
    """Return the id of a patient: the readers come first, then the bookers."""
    return UUID(int=_BASE + _PATIENT + number)


def doctor_id(number: int) -> UUID:
    """Return the id of a doctor."""
    return UUID(int=_BASE + _DOCTOR + number)


def nurse_id(number: int) -> UUID:
    """Return the id of a nurse."""
    return UUID(int=_BASE + _NURSE + number)


def technician_id(number: int) -> UUID:
    """Return the id of a lab technician."""
    return UUID(int=_BASE + _TECHNICIAN + number)


def order_id(number: int) -> UUID:
    """Return the id of a laboratory order."""
    return UUID(int=_BASE + _ORDER + number)


def email(number: int) -> str:
    """Return the address of a reader."""
    return f"patient-{number}@bench.example"


def booking(number: int) -> tuple[int, int, datetime]:
    """Return patient, doctor and start of a booking. No two overlap, and a patient has at most five.

    Two hundred patients book with a doctor each, then again for the next slot, so that each token is used five times.
    """
    round_, doctor = divmod(number, DOCTORS)
    booker = READERS + round_ // EACH * DOCTORS + doctor
    day, slot = divmod(round_, SLOTS_A_DAY)
    if booker >= READERS + BOOKERS:
        raise SystemExit("bench: more bookings than the patients may have; measure for a shorter time")
    return booker, doctor, datetime.combine(FIRST_DAY + timedelta(days=day), OPENS, UTC) + slot * SLOT


def fill(url: str, *statements: str) -> None:
    """Fill a database and analyze it."""
    database = Database(url)
    with database.autocommit() as connection:
        take_time(connection)
        for statement in (*statements, "VACUUM ANALYZE"):
            connection.execute(text(statement))
    database.close()


def visits(columns: str, more: str) -> str:
    """Return the statement that adds past appointments, 200 for each reader."""
    return f"""
        INSERT INTO appointment ({columns})
        SELECT gen_random_uuid(), {DOCTOR_ID.format(f"(g % {DOCTORS})")},
            {PATIENT_ID.format(f"(g::bigint * 7919 % {READERS})")}, starts_at, starts_at + interval '30 minutes',
            'fulfilled', 'check-up ' || g, {more}
        FROM (SELECT g, timestamptz '2015-01-01 00:00Z' + g / {DOCTORS} * interval '30 minutes' AS starts_at
              FROM generate_series(1, {APPOINTMENTS}) g) series
    """  # noqa: S608  the words are ours
