"""Visit notes, allergies and conditions of patients."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import trigger_of

revision: str = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "allergy",
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("no_known_allergies", sa.Boolean(), nullable=False),
        sa.Column("substance", sa.String(length=200), nullable=True),
        sa.Column("reaction", sa.String(length=1000), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=True),
        sa.Column("certainty", sa.String(length=20), nullable=True),
        sa.Column("timing", sa.String(length=10), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("no_known_allergies = (substance IS NULL)", name=op.f("ck_allergy_substance_or_none_known")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_allergy")),
    )
    with op.batch_alter_table("allergy", schema=None) as batch_op:
        batch_op.create_index(
            "ix_allergy_patient_id_id",
            ["patient_id", "id"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )
        batch_op.create_index(
            "uq_allergy_patient_id",
            ["patient_id"],
            unique=True,
            sqlite_where=sa.text("no_known_allergies AND status = 'active' AND superseded_by IS NULL"),
            postgresql_where=sa.text("no_known_allergies AND status = 'active' AND superseded_by IS NULL"),
        )

    op.create_table(
        "clinical_record",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=10000), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_clinical_record")),
    )
    with op.batch_alter_table("clinical_record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_clinical_record_patient_id_id",
            ["patient_id", "id"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )
        batch_op.create_index(
            "ix_clinical_record_patient_id_kind_id",
            ["patient_id", "kind", "id"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )

    op.create_table(
        "condition",
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=True),
        sa.Column("onset_on", sa.Date(), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("resolved_on >= onset_on", name=op.f("ck_condition_resolved_after_onset")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_condition")),
    )
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.create_index(
            "ix_condition_patient_id_id",
            ["patient_id", "id"],
            unique=False,
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )

    if op.get_bind().dialect.name == "postgresql":
        for table in ("allergy", "clinical_record", "condition"):
            op.execute(trigger_of(table, "superseded_by"))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_condition_patient_id_id",
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )

    op.drop_table("condition")
    with op.batch_alter_table("clinical_record", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_clinical_record_patient_id_kind_id",
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )
        batch_op.drop_index(
            "ix_clinical_record_patient_id_id",
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )

    op.drop_table("clinical_record")
    with op.batch_alter_table("allergy", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_allergy_patient_id",
            sqlite_where=sa.text("no_known_allergies AND status = 'active' AND superseded_by IS NULL"),
            postgresql_where=sa.text("no_known_allergies AND status = 'active' AND superseded_by IS NULL"),
        )
        batch_op.drop_index(
            "ix_allergy_patient_id_id",
            sqlite_where=sa.text("superseded_by IS NULL"),
            postgresql_where=sa.text("superseded_by IS NULL"),
        )

    op.drop_table("allergy")
