"""Checks of medicines, with findings and overrides; prescriptions are append-only except their status."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import trigger_of

revision: str = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "medication_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("data_state", sa.String(length=10), nullable=False),
        sa.Column("data_version", sa.String(length=50), nullable=True),
        sa.Column("reviewed_by", sa.String(length=200), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medication_check")),
    )
    with op.batch_alter_table("medication_check", schema=None) as batch_op:
        batch_op.create_index("ix_medication_check_patient_id_at", ["patient_id", "at"], unique=False)
        batch_op.create_index("ix_medication_check_record_id", ["record_id"], unique=False)

    op.create_table(
        "medication_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("finding", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("override_reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["medication_check.id"], name=op.f("fk_medication_finding_check_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medication_finding")),
    )
    with op.batch_alter_table("medication_finding", schema=None) as batch_op:
        batch_op.create_index("ix_medication_finding_check_id", ["check_id"], unique=False)
        batch_op.create_index(
            "ix_medication_finding_overridden_id",
            ["id"],
            unique=False,
            sqlite_where=sa.text("override_reason IS NOT NULL"),
            postgresql_where=sa.text("override_reason IS NOT NULL"),
        )

    if op.get_bind().dialect.name == "postgresql":
        for table in ("prescription_item", "medication_check", "medication_finding"):
            op.execute(trigger_of(table))
        op.execute(trigger_of("prescription", "status"))


def downgrade() -> None:
    """Revert."""
    if op.get_bind().dialect.name == "postgresql":
        for table in ("prescription", "prescription_item"):
            op.execute(f"DROP TRIGGER append_only ON {table}")
    with op.batch_alter_table("medication_finding", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_medication_finding_overridden_id",
            sqlite_where=sa.text("override_reason IS NOT NULL"),
            postgresql_where=sa.text("override_reason IS NOT NULL"),
        )
        batch_op.drop_index("ix_medication_finding_check_id")

    op.drop_table("medication_finding")
    with op.batch_alter_table("medication_check", schema=None) as batch_op:
        batch_op.drop_index("ix_medication_check_record_id")
        batch_op.drop_index("ix_medication_check_patient_id_at")

    op.drop_table("medication_check")
