"""Patients, care relations and prescriptions."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.migrations import create_chassis_tables, drop_chassis_tables
from chassis.persistence.tables import Moment

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Apply."""
    create_chassis_tables()
    op.create_table(
        "patient",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("changed_by", sa.BigInteger, nullable=False),
    )
    _create_care_relation()
    _create_prescription()


def _create_care_relation() -> None:
    op.create_table(
        "care_relation",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("doctor_id", sa.Uuid, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("from", Moment, nullable=False),
        sa.Column("until", Moment, nullable=False),
        sa.Column("appointment_id", sa.Uuid, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint('until > "from"', name="until_after_from"),
        sa.UniqueConstraint("appointment_id", name="uq_care_relation_appointment_id"),
    )
    op.create_index("ix_care_relation_doctor_id_patient_id", "care_relation", ["doctor_id", "patient_id"])


def _create_prescription() -> None:
    op.create_table(
        "prescription",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("doctor_id", sa.Uuid, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("instructions", sa.String(2000)),
        sa.Column("created_at", Moment, nullable=False),
    )
    columns = ["patient_id", "created_at", "id"]
    op.create_index("ix_prescription_patient_id_created_at_id", "prescription", columns)
    op.create_table(
        "prescription_item",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("prescription_id", sa.Uuid, sa.ForeignKey("prescription.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("medicine", sa.String(200), nullable=False),
        sa.Column("dose_value", sa.Numeric, nullable=False),
        sa.Column("dose_unit", sa.String(30), nullable=False),
        sa.Column("route", sa.String(20), nullable=False),
        sa.Column("frequency", sa.String(100), nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("refills", sa.Integer, nullable=False),
        sa.CheckConstraint("dose_value > 0", name="dose_is_positive"),
        sa.UniqueConstraint("prescription_id", "position", name="uq_prescription_item_prescription_id_position"),
    )


def downgrade() -> None:
    """Revert."""
    for table in ("prescription_item", "prescription", "care_relation", "patient"):
        op.drop_table(table)
    drop_chassis_tables()
