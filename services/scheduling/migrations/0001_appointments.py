"""Doctors, their hours, appointments and their history; the database itself refuses overlapping visits."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.migrations import create_chassis_tables, drop_chassis_tables
from chassis.persistence.tables import BigSerial, Moment

revision: str = "0001"
down_revision: str | None = None

ACTIVE = "('requested', 'booked', 'arrived', 'in_progress')"


def upgrade() -> None:
    """Apply."""
    create_chassis_tables()
    op.create_table(
        "doctor",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("specialization", sa.String(100), nullable=False),
        sa.Column("changed_by", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_doctor_specialization", "doctor", ["specialization"])
    op.create_table(
        "availability_rule",
        sa.Column("id", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("doctor_id", sa.Uuid, sa.ForeignKey("doctor.id"), nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("from", sa.Time, nullable=False),
        sa.Column("to", sa.Time, nullable=False),
        sa.Column("slot_minutes", sa.Integer, nullable=False),
    )
    op.create_index("ix_availability_rule_doctor_id", "availability_rule", ["doctor_id"])
    _create_appointment()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _create_appointment() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("doctor_id", sa.Uuid, sa.ForeignKey("doctor.id"), nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", Moment, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    )
    for person in ("doctor_id", "patient_id"):
        op.create_index(f"ix_appointment_{person}_starts_at_id", "appointment", [person, "starts_at", "id"])
    op.create_table(
        "appointment_change",
        sa.Column("id", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("appointment_id", sa.Uuid, sa.ForeignKey("appointment.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("starts_at", Moment, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index("ix_appointment_change_appointment_id", "appointment_change", ["appointment_id"])


def _refuse_on_postgresql() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for person in ("doctor", "patient"):
        op.execute(
            f"ALTER TABLE appointment ADD CONSTRAINT no_{person}_overlap EXCLUDE USING gist "
            f"({person}_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status IN {ACTIVE})"
        )


def _refuse_on_sqlite() -> None:
    for person in ("doctor", "patient"):
        for moment in ("INSERT", "UPDATE"):
            op.execute(
                f"CREATE TRIGGER no_{person}_overlap_{moment.lower()} BEFORE {moment} ON appointment "
                f"WHEN NEW.status IN {ACTIVE} BEGIN "
                f"SELECT RAISE(ABORT, 'no_{person}_overlap') WHERE EXISTS (SELECT 1 FROM appointment "
                f"WHERE {person}_id = NEW.{person}_id AND id != NEW.id AND status IN {ACTIVE} "
                "AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at); END"
            )


def downgrade() -> None:
    """Take back."""
    for table in ("appointment_change", "appointment", "availability_rule", "doctor"):
        op.drop_table(table)
    drop_chassis_tables()
