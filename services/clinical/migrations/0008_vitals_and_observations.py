"""Vital signs, oxygen targets, observations, and copies of shifts and staff roles."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import trigger_of

revision: str = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "observation_end",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation_end")),
    )
    with op.batch_alter_table("observation_end", schema=None) as batch_op:
        batch_op.create_index("ix_observation_end_patient_id_ended_at", ["patient_id", "ended_at"], unique=False)

    op.create_table(
        "overdue_notice",
        sa.Column("vitals_id", sa.Uuid(), nullable=False),
        sa.Column("at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("vitals_id", name=op.f("pk_overdue_notice")),
    )
    op.create_table(
        "oxygen_target",
        sa.Column("scale", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("scale IN (1, 2)", name=op.f("ck_oxygen_target_scale_is_known")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_oxygen_target")),
    )
    with op.batch_alter_table("oxygen_target", schema=None) as batch_op:
        batch_op.create_index("ix_oxygen_target_patient_id_version", ["patient_id", "version"], unique=False)
        batch_op.create_index(
            "uq_oxygen_target_patient_id",
            ["patient_id"],
            unique=True,
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )

    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("ends_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("is_assigned", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.create_index("ix_shift_ends_at_starts_at", ["ends_at", "starts_at"], unique=False)

    op.create_table(
        "staff_role",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_staff_role")),
    )
    op.create_table(
        "vitals",
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("measured_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("systolic", sa.Numeric(asdecimal=False), nullable=True),
        sa.Column("diastolic", sa.Numeric(asdecimal=False), nullable=True),
        sa.Column("pulse", sa.Numeric(asdecimal=False), nullable=True),
        sa.Column("respiration", sa.Numeric(asdecimal=False), nullable=True),
        sa.Column("temperature", sa.Numeric(asdecimal=False), nullable=True),
        sa.Column("spo2", sa.Numeric(asdecimal=False), nullable=True),
        sa.Column("on_oxygen", sa.Boolean(), nullable=True),
        sa.Column("consciousness", sa.String(length=1), nullable=True),
        sa.Column("weight_kg", sa.Numeric(asdecimal=False), nullable=True),
        sa.Column("height_cm", sa.Numeric(asdecimal=False), nullable=True),
        sa.Column("pain", sa.Integer(), nullable=True),
        sa.Column("abnormal", sa.JSON(), nullable=False),
        sa.Column("news2_status", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("scale", sa.Integer(), nullable=True),
        sa.Column("next_due_at", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("systolic > diastolic", name=op.f("ck_vitals_systolic_above_diastolic")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_vitals")),
    )
    with op.batch_alter_table("vitals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_vitals_next_due_at_id",
            ["next_due_at", "id"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL AND status = 'final' AND next_due_at IS NOT NULL"),
            postgresql_where=sa.text("superseded_by IS NULL AND status = 'final' AND next_due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_vitals_patient_id_measured_at_id",
            ["patient_id", "measured_at", "id"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )

    if op.get_bind().dialect.name == "postgresql":
        for table in ("vitals", "oxygen_target"):
            op.execute(trigger_of(table, "superseded_by"))
        for table in ("observation_end", "overdue_notice"):
            op.execute(trigger_of(table))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("vitals", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_vitals_patient_id_measured_at_id",
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )
        batch_op.drop_index(
            "ix_vitals_next_due_at_id",
            sqlite_where=sa.text("superseded_by IS NULL AND status = 'final' AND next_due_at IS NOT NULL"),
            postgresql_where=sa.text("superseded_by IS NULL AND status = 'final' AND next_due_at IS NOT NULL"),
        )

    op.drop_table("vitals")
    op.drop_table("staff_role")
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.drop_index("ix_shift_ends_at_starts_at")

    op.drop_table("shift")
    with op.batch_alter_table("oxygen_target", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_oxygen_target_patient_id",
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )
        batch_op.drop_index("ix_oxygen_target_patient_id_version")

    op.drop_table("oxygen_target")
    op.drop_table("overdue_notice")
    with op.batch_alter_table("observation_end", schema=None) as batch_op:
        batch_op.drop_index("ix_observation_end_patient_id_ended_at")

    op.drop_table("observation_end")
