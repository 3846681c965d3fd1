"""Attachments, and the sweeps of their store."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import trigger_of

revision: str = "0013"
down_revision: str | None = "0012"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "attachment",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_attachment")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_attachment_patient_id_id",
            ["patient_id", "id"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )

    with op.batch_alter_table("lab_result", schema=None) as batch_op:
        batch_op.create_index("ix_lab_result_report_id", ["report_id"], unique=False)

    op.create_table(
        "attachment_sweep",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("swept_through", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment_sweep")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(trigger_of("attachment", "superseded_by"))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("lab_result", schema=None) as batch_op:
        batch_op.drop_index("ix_lab_result_report_id")

    op.drop_table("attachment_sweep")
    op.drop_table("attachment")
