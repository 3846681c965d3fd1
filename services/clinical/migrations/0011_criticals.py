"""Critical limits of patients, and critical alerts with their steps and acknowledgements."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import trigger_of
from services.clinical.models.decimals import Exact

revision: str = "0011"
down_revision: str | None = "0010"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "critical_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("result_version", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=True),
        sa.Column("test", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", Exact(), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("flag", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("next_at", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.Column("raised_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("closed_at", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_alert")),
        sa.UniqueConstraint("result_id", "result_version", name=op.f("uq_critical_alert_result_id_result_version")),
    )
    with op.batch_alter_table("critical_alert", schema=None) as batch_op:
        batch_op.create_index(
            "ix_critical_alert_doctor_id",
            ["doctor_id"],
            unique=False,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )
        batch_op.create_index(
            "ix_critical_alert_next_at",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.create_index("ix_critical_alert_patient_id", ["patient_id"], unique=False)
        batch_op.create_index("ix_critical_alert_status_raised_at_id", ["status", "raised_at", "id"], unique=False)

    op.create_table(
        "critical_limit",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("test", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("low", Exact(), nullable=True),
        sa.Column("high", Exact(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("until", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_critical_limit")),
    )
    with op.batch_alter_table("critical_limit", schema=None) as batch_op:
        batch_op.create_index("ix_critical_limit_patient_id_id", ["patient_id", "id"], unique=False)
        batch_op.create_index(
            "ix_critical_limit_patient_id_test",
            ["patient_id", "test"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL AND status = 'active'"),
            postgresql_where=sa.text("superseded_by IS NULL AND status = 'active'"),
        )

    op.create_table(
        "critical_acknowledgement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("result_version", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=30), nullable=False),
        sa.Column("comment", sa.String(length=1000), nullable=True),
        sa.Column("test", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", Exact(), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("flag", sa.String(length=20), nullable=False),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=False),
        sa.Column("acknowledged_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["critical_alert.id"], name=op.f("fk_critical_acknowledgement_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_acknowledgement")),
        sa.UniqueConstraint("alert_id", name=op.f("uq_critical_acknowledgement_alert_id")),
    )
    op.create_table(
        "critical_alert_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("recipient_ids", sa.JSON(), nullable=False),
        sa.Column("at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["critical_alert.id"], name=op.f("fk_critical_alert_step_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_alert_step")),
        sa.UniqueConstraint("alert_id", "step", name=op.f("uq_critical_alert_step_alert_id_step")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("critical_alert_step", "critical_acknowledgement"):
            op.execute(trigger_of(table))
        op.execute(trigger_of("critical_limit", "superseded_by"))


def downgrade() -> None:
    """Revert."""
    op.drop_table("critical_alert_step")
    op.drop_table("critical_acknowledgement")
    with op.batch_alter_table("critical_limit", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_critical_limit_patient_id_test",
            sqlite_where=sa.text("superseded_by IS NULL AND status = 'active'"),
            postgresql_where=sa.text("superseded_by IS NULL AND status = 'active'"),
        )
        batch_op.drop_index("ix_critical_limit_patient_id_id")

    op.drop_table("critical_limit")
    with op.batch_alter_table("critical_alert", schema=None) as batch_op:
        batch_op.drop_index("ix_critical_alert_status_raised_at_id")
        batch_op.drop_index("ix_critical_alert_patient_id")
        batch_op.drop_index(
            "ix_critical_alert_next_at",
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_critical_alert_doctor_id",
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.drop_table("critical_alert")
