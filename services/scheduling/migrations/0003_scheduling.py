"""Times off, places, overbooking and all the states of a visit; shifts, swaps, tasks and links to calendars."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0003"
down_revision: str | None = "0002"

ACTIVE = "('requested', 'booked', 'arrived', 'in_progress')"
ADDED: dict[str, tuple[tuple[str, Any], ...]] = {
    "availability_rule": (("place", sa.String(100)), ("valid_from", sa.Date()), ("valid_to", sa.Date())),
    "appointment": (
        ("place", sa.String(100)),
        ("status_reason", sa.String(500)),
        ("overbook_reason", sa.String(500)),
        ("requested_at", Moment()),
        ("displaced_at", Moment()),
    ),
    "appointment_change": (
        ("changed", sa.JSON()),
        ("doctor_id", sa.Uuid()),
        ("ends_at", Moment()),
        ("place", sa.String(100)),
        ("overbooked", sa.Boolean()),
        ("former_reason", sa.String(500)),
        ("reason", sa.String(500)),
    ),
    "doctor": (("left_at", Moment()),),
    "audit": (("details", sa.JSON()),),
}
FLAGS = ("overbooked", "first_call")
PARTIAL = {
    "requested_requested_at": (["requested_at"], "status = 'requested'"),
    "booked_ends_at": (["ends_at"], "status = 'booked'"),
    "displaced_displaced_at": (["displaced_at"], "status = 'displaced'"),
    "first_call_starts_at_id": (["starts_at", "id"], "first_call"),
    "doctor_id_starts_at_overbooked": (["doctor_id", "starts_at"], "overbooked"),
}
"""For the timers, and for the list of those who are to be given a time before others."""
LISTED = (["starts_at", "id"], ["doctor_id", "status", "starts_at", "id"], ["status", "starts_at", "id"])
"""A list by state would else look through all visits for the few of a rare one."""
MADE = ("patient", "calendar_link", "task", "shift_swap", "shift", "staff_role", "time_off")


def upgrade() -> None:
    """Apply."""
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, sa.Column(*column))
    op.add_column("doctor", sa.Column("schedule_revision", sa.Integer, nullable=False, server_default="1"))
    for flag in FLAGS:
        op.add_column("appointment", sa.Column(flag, sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE appointment SET requested_at = created_at WHERE status = 'requested'")
    op.execute("UPDATE appointment SET displaced_at = created_at, first_call = true WHERE status = 'displaced'")
    for columns in LISTED:
        op.create_index(f"ix_appointment_{'_'.join(columns)}", "appointment", columns)
    for name, (columns, condition) in PARTIAL.items():
        where = sa.text(condition)
        op.create_index(f"ix_appointment_{name}", "appointment", columns, postgresql_where=where, sqlite_where=where)
    _let_overbooked_ones_overlap(" AND NOT overbooked", " AND NOT NEW.overbooked", " AND NOT overbooked")
    _refuse_visits_to_oneself()
    _create_patient()
    _create_time_off()
    _create_rota()
    _create_tasks()


def _let_overbooked_ones_overlap(constrained: str, written: str, others: str) -> None:
    """The doctor's time alone may be given twice, by the desk and with a reason."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE appointment DROP CONSTRAINT no_doctor_overlap")
        op.execute(
            "ALTER TABLE appointment ADD CONSTRAINT no_doctor_overlap EXCLUDE USING gist "
            f"(doctor_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status IN {ACTIVE}{constrained})"
        )
        return
    for moment in ("INSERT", "UPDATE"):
        op.execute(f"DROP TRIGGER no_doctor_overlap_{moment.lower()}")
        op.execute(
            f"CREATE TRIGGER no_doctor_overlap_{moment.lower()} BEFORE {moment} ON appointment "
            f"WHEN NEW.status IN {ACTIVE}{written} BEGIN "
            "SELECT RAISE(ABORT, 'no_doctor_overlap') WHERE EXISTS (SELECT 1 FROM appointment "
            f"WHERE doctor_id = NEW.doctor_id AND id != NEW.id AND status IN {ACTIVE}{others} "
            "AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at); END"
        )


def _refuse_visits_to_oneself() -> None:
    op.execute(f"UPDATE appointment SET status = 'cancelled' WHERE doctor_id = patient_id AND status IN {ACTIVE}")
    if op.get_bind().dialect.name == "postgresql":
        op.create_check_constraint("own_visit", "appointment", f"doctor_id <> patient_id OR status NOT IN {ACTIVE}")
        return
    for moment in ("INSERT", "UPDATE"):  # SQLite adds no constraint to a table that is there.
        op.execute(
            f"CREATE TRIGGER own_visit_{moment.lower()} BEFORE {moment} ON appointment "
            f"WHEN NEW.doctor_id = NEW.patient_id AND NEW.status IN {ACTIVE} BEGIN "
            "SELECT RAISE(ABORT, 'own_visit'); END"
        )


def _create_patient() -> None:
    op.create_table(
        "patient", sa.Column("id", sa.Uuid, primary_key=True), sa.Column("is_erased", sa.Boolean, nullable=False)
    )
    op.execute("INSERT INTO patient (id, is_erased) SELECT DISTINCT patient_id, false FROM appointment")


def _create_time_off() -> None:
    op.create_table(
        "time_off",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("doctor_id", sa.Uuid, sa.ForeignKey("doctor.id", name="fk_time_off_doctor_id"), nullable=False),
        sa.Column("starts_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("created_at", Moment, nullable=False),
    )
    op.create_index("ix_time_off_doctor_id_starts_at_id", "time_off", ["doctor_id", "starts_at", "id"])


def _create_rota() -> None:
    op.create_table(
        "staff_role",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("role", sa.String(20), primary_key=True),
        sa.Column("changed_by", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("ward", sa.String(100), nullable=False),
        sa.Column("starts_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    )
    op.create_index("ix_shift_person_id_starts_at_id", "shift", ["person_id", "starts_at", "id"])
    op.create_index("ix_shift_person_id_status_starts_at_id", "shift", ["person_id", "status", "starts_at", "id"])
    op.create_index("ix_shift_status_starts_at_id", "shift", ["status", "starts_at", "id"])
    op.create_index("ix_shift_ward_starts_at_id", "shift", ["ward", "starts_at", "id"])
    op.create_index("ix_shift_starts_at_id", "shift", ["starts_at", "id"])
    _refuse_shifts_that_overlap()
    op.create_table(
        "shift_swap",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("shift_id", sa.Uuid, sa.ForeignKey("shift.id", name="fk_shift_swap_shift_id"), nullable=False),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("asked_of", sa.Uuid, nullable=False),
        sa.Column("in_exchange_id", sa.Uuid, sa.ForeignKey("shift.id", name="fk_shift_swap_in_exchange_id")),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
    )
    is_open = sa.text("status IN ('asked', 'accepted')")
    op.create_index(
        "uq_shift_swap_shift_id",
        "shift_swap",
        ["shift_id"],
        unique=True,
        postgresql_where=is_open,
        sqlite_where=is_open,
    )
    for who in ("asked_by", "asked_of", "status"):
        op.create_index(f"ix_shift_swap_{who}_created_at_id", "shift_swap", [who, "created_at", "id"])


def _refuse_shifts_that_overlap() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE shift ADD CONSTRAINT no_shift_overlap EXCLUDE USING gist "
            "(person_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status = 'assigned')"
        )
        return
    for moment in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER no_shift_overlap_{moment.lower()} BEFORE {moment} ON shift "
            "WHEN NEW.status = 'assigned' BEGIN "
            "SELECT RAISE(ABORT, 'no_shift_overlap') WHERE EXISTS (SELECT 1 FROM shift "
            "WHERE person_id = NEW.person_id AND id != NEW.id AND status = 'assigned' "
            "AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at); END"
        )


def _create_tasks() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.String(2000)),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("given_by", sa.Uuid, nullable=False),
        sa.Column("patient_id", sa.Uuid),
        sa.Column("priority", sa.String(20), nullable=False),
        sa.Column("due_at", Moment),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("status_reason", sa.String(500)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
    )
    for whose in (["owner_id"], ["owner_id", "status"], ["patient_id"], ["status"], []):
        columns = [*whose, "created_at", "id"]
        op.create_index(f"ix_task_{'_'.join(columns)}", "task", columns)
    op.create_table(
        "calendar_link",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.UniqueConstraint("digest", name="uq_calendar_link_digest"),
    )


def _let_visits_to_oneself() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("own_visit", "appointment", type_="check")
        return
    for moment in ("insert", "update"):
        op.execute(f"DROP TRIGGER own_visit_{moment}")


def downgrade() -> None:
    """Take back."""
    for table in MADE:
        op.drop_table(table)
    _let_visits_to_oneself()
    _let_overbooked_ones_overlap("", "", "")
    for name in PARTIAL:
        op.drop_index(f"ix_appointment_{name}", "appointment")
    for columns in LISTED:
        op.drop_index(f"ix_appointment_{'_'.join(columns)}", "appointment")
    for flag in FLAGS:
        op.drop_column("appointment", flag)
    op.drop_column("doctor", "schedule_revision")
    for table, columns in ADDED.items():
        for name, _kind in columns:
            op.drop_column(table, name)
