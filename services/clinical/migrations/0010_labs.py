"""Laboratory orders, specimens and results."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import trigger_of
from services.clinical.models.decimals import Exact

revision: str = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "lab_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=True),
        sa.Column("laboratory", sa.String(length=200), nullable=True),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_reason", sa.String(length=500), nullable=True),
        sa.Column("ordered_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lab_order")),
    )
    with op.batch_alter_table("lab_order", schema=None) as batch_op:
        batch_op.create_index("ix_lab_order_patient_id_id", ["patient_id", "id"], unique=False)
        batch_op.create_index("ix_lab_order_status_urgency_id", ["status", "urgency", "id"], unique=False)

    op.create_table(
        "specimen",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("specimen", sa.String(length=50), nullable=False),
        sa.Column("collected_by", sa.Uuid(), nullable=False),
        sa.Column("collected_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["lab_order.id"], name=op.f("fk_specimen_order_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_specimen")),
    )
    with op.batch_alter_table("specimen", schema=None) as batch_op:
        batch_op.create_index("ix_specimen_order_id", ["order_id"], unique=False)

    op.create_table(
        "lab_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("specimen_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["lab_order.id"], name=op.f("fk_lab_step_order_id")),
        sa.ForeignKeyConstraint(["specimen_number"], ["specimen.number"], name=op.f("fk_lab_step_specimen_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lab_step")),
    )
    with op.batch_alter_table("lab_step", schema=None) as batch_op:
        batch_op.create_index("ix_lab_step_order_id_id", ["order_id", "id"], unique=False)

    op.create_table(
        "ordered_test",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("specimen", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("specimen_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["lab_order.id"], name=op.f("fk_ordered_test_order_id")),
        sa.ForeignKeyConstraint(["specimen_number"], ["specimen.number"], name=op.f("fk_ordered_test_specimen_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ordered_test")),
        sa.UniqueConstraint("order_id", "code", name=op.f("uq_ordered_test_order_id_code")),
    )
    with op.batch_alter_table("ordered_test", schema=None) as batch_op:
        batch_op.create_index("ix_ordered_test_patient_id_id", ["patient_id", "id"], unique=False)

    op.create_table(
        "lab_result",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("test_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", Exact(), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("low", Exact(), nullable=True),
        sa.Column("high", Exact(), nullable=True),
        sa.Column("critical_low", Exact(), nullable=True),
        sa.Column("critical_high", Exact(), nullable=True),
        sa.Column("flag", sa.String(length=20), nullable=False),
        sa.Column("previous_value", Exact(), nullable=True),
        sa.Column("previous_at", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("comment", sa.String(length=2000), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("observed_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("verified_at", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["lab_order.id"], name=op.f("fk_lab_result_order_id")),
        sa.ForeignKeyConstraint(["test_id"], ["ordered_test.id"], name=op.f("fk_lab_result_test_id")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_lab_result")),
    )
    with op.batch_alter_table("lab_result", schema=None) as batch_op:
        batch_op.create_index("ix_lab_result_order_id", ["order_id"], unique=False)
        batch_op.create_index(
            "ix_lab_result_patient_id_code_observed_at",
            ["patient_id", "code", "observed_at"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL AND status <> 'entered_in_error'"),
            postgresql_where=sa.text("superseded_by IS NULL AND status <> 'entered_in_error'"),
        )
        batch_op.create_index(
            "uq_lab_result_test_id",
            ["test_id"],
            unique=True,
            sqlite_where=sa.text("superseded_by IS NULL AND status <> 'entered_in_error'"),
            postgresql_where=sa.text("superseded_by IS NULL AND status <> 'entered_in_error'"),
        )

    if op.get_bind().dialect.name == "postgresql":
        for table in ("specimen", "lab_step"):
            op.execute(trigger_of(table))
        op.execute(trigger_of("lab_result", "superseded_by"))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("lab_result", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lab_result_test_id",
            sqlite_where=sa.text("superseded_by IS NULL AND status <> 'entered_in_error'"),
            postgresql_where=sa.text("superseded_by IS NULL AND status <> 'entered_in_error'"),
        )
        batch_op.drop_index(
            "ix_lab_result_patient_id_code_observed_at",
            sqlite_where=sa.text("superseded_by IS NULL AND status <> 'entered_in_error'"),
            postgresql_where=sa.text("superseded_by IS NULL AND status <> 'entered_in_error'"),
        )
        batch_op.drop_index("ix_lab_result_order_id")

    op.drop_table("lab_result")
    with op.batch_alter_table("ordered_test", schema=None) as batch_op:
        batch_op.drop_index("ix_ordered_test_patient_id_id")

    op.drop_table("ordered_test")
    with op.batch_alter_table("lab_step", schema=None) as batch_op:
        batch_op.drop_index("ix_lab_step_order_id_id")

    op.drop_table("lab_step")
    with op.batch_alter_table("specimen", schema=None) as batch_op:
        batch_op.drop_index("ix_specimen_order_id")

    op.drop_table("specimen")
    with op.batch_alter_table("lab_order", schema=None) as batch_op:
        batch_op.drop_index("ix_lab_order_status_urgency_id")
        batch_op.drop_index("ix_lab_order_patient_id_id")

    op.drop_table("lab_order")
