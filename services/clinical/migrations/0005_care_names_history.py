"""Assignments, break-glass, readings of charts, names of people, and histories of patients."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import FUNCTION, trigger_of

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("assigned_by", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index("ix_assignment_patient_id_id", ["patient_id", "id"], unique=False)
        batch_op.create_index(
            "uq_assignment_doctor_id_patient_id",
            ["doctor_id", "patient_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "break_glass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("opened_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("until", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.Column("review_comment", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
    )
    with op.batch_alter_table("break_glass", schema=None) as batch_op:
        batch_op.create_index(
            "ix_break_glass_doctor_id_patient_id_until", ["doctor_id", "patient_id", "until"], unique=False
        )
        batch_op.create_index("ix_break_glass_opened_at_id", ["opened_at", "id"], unique=False)

    op.create_table(
        "chart_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chart_access")),
    )
    with op.batch_alter_table("chart_access", schema=None) as batch_op:
        batch_op.create_index("ix_chart_access_patient_id_id", ["patient_id", "id"], unique=False)

    op.create_table(
        "history_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_entry")),
    )
    with op.batch_alter_table("history_entry", schema=None) as batch_op:
        batch_op.create_index("ix_history_entry_patient_id_at_id", ["patient_id", "at", "id"], unique=False)
        batch_op.create_index(
            "ix_history_entry_patient_id_kind_at_id", ["patient_id", "kind", "at", "id"], unique=False
        )
        batch_op.create_index("ix_history_entry_record_id_version", ["record_id", "version"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("care_relation", schema=None) as batch_op:
        batch_op.create_index("ix_care_relation_patient_id", ["patient_id"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION)
        for table in ("chart_access", "history_entry"):
            op.execute(trigger_of(table))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("care_relation", schema=None) as batch_op:
        batch_op.drop_index("ix_care_relation_patient_id")

    op.drop_table("person")
    with op.batch_alter_table("history_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_history_entry_record_id_version")
        batch_op.drop_index("ix_history_entry_patient_id_kind_at_id")
        batch_op.drop_index("ix_history_entry_patient_id_at_id")

    op.drop_table("history_entry")
    with op.batch_alter_table("chart_access", schema=None) as batch_op:
        batch_op.drop_index("ix_chart_access_patient_id_id")

    op.drop_table("chart_access")
    with op.batch_alter_table("break_glass", schema=None) as batch_op:
        batch_op.drop_index("ix_break_glass_opened_at_id")
        batch_op.drop_index("ix_break_glass_doctor_id_patient_id_until")

    op.drop_table("break_glass")
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_assignment_doctor_id_patient_id",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_assignment_patient_id_id")

    op.drop_table("assignment")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change")
