"""Ends, supplies, refill requests and dispenses of prescriptions."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import trigger_of

revision: str = "0012"
down_revision: str | None = "0011"
APPEND_ONLY = ("prescription_end", "refill_decision", "dispense", "dispense_line", "declined_dispense")
MOMENT = chassis.persistence.tables.Moment(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "declined_dispense",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("declined_by", sa.Uuid(), nullable=False),
        sa.Column("declined_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["prescription_id"], ["prescription.id"], name=op.f("fk_declined_dispense_prescription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declined_dispense")),
    )
    with op.batch_alter_table("declined_dispense", schema=None) as batch_op:
        batch_op.create_index("ix_declined_dispense_prescription_id_id", ["prescription_id", "id"], unique=False)

    op.create_table(
        "dispense",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("dispensed_by", sa.Uuid(), nullable=False),
        sa.Column("dispensed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["prescription_id"], ["prescription.id"], name=op.f("fk_dispense_prescription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispense")),
    )
    with op.batch_alter_table("dispense", schema=None) as batch_op:
        batch_op.create_index("ix_dispense_patient_id_id", ["patient_id", "id"], unique=False)
        batch_op.create_index("ix_dispense_prescription_id_id", ["prescription_id", "id"], unique=False)

    op.create_table(
        "prescription_end",
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["prescription_id"], ["prescription.id"], name=op.f("fk_prescription_end_prescription_id")
        ),
        sa.PrimaryKeyConstraint("prescription_id", name=op.f("pk_prescription_end")),
    )
    op.create_table(
        "refill_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("doctor_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["prescription_id"], ["prescription.id"], name=op.f("fk_refill_request_prescription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refill_request")),
    )
    with op.batch_alter_table("refill_request", schema=None) as batch_op:
        batch_op.create_index("ix_refill_request_doctor_id_status_id", ["doctor_id", "status", "id"], unique=False)
        batch_op.create_index(
            "ix_refill_request_open_expires_at",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("status = 'requested'"),
            postgresql_where=sa.text("status = 'requested'"),
        )
        batch_op.create_index("ix_refill_request_patient_id_id", ["patient_id", "id"], unique=False)
        batch_op.create_index(
            "uq_refill_request_open",
            ["prescription_id"],
            unique=True,
            sqlite_where=sa.text("status = 'requested'"),
            postgresql_where=sa.text("status = 'requested'"),
        )

    op.create_table(
        "dispense_line",
        sa.Column("dispense_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("prescription_item_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("medicine", sa.String(length=200), nullable=False),
        sa.Column("batch", sa.String(length=50), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_dispense_line_quantity_is_positive")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_dispense_line_batch_id")),
        sa.ForeignKeyConstraint(["dispense_id"], ["dispense.id"], name=op.f("fk_dispense_line_dispense_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_dispense_line_item_id")),
        sa.ForeignKeyConstraint(
            ["prescription_item_id"], ["prescription_item.id"], name=op.f("fk_dispense_line_prescription_item_id")
        ),
        sa.PrimaryKeyConstraint("dispense_id", "position", name=op.f("pk_dispense_line")),
    )
    with op.batch_alter_table("dispense_line", schema=None) as batch_op:
        batch_op.create_index("ix_dispense_line_prescription_item_id", ["prescription_item_id"], unique=False)

    op.create_table(
        "prescription_supply",
        sa.Column("prescription_item_id", sa.Uuid(), nullable=False),
        sa.Column("prescription_id", sa.Uuid(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("dispensed", sa.Integer(), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.CheckConstraint("dispensed <= allowed", name=op.f("ck_prescription_supply_no_more_than_prescribed")),
        sa.CheckConstraint("dispensed >= 0", name=op.f("ck_prescription_supply_dispensed_not_negative")),
        sa.ForeignKeyConstraint(
            ["prescription_id"], ["prescription.id"], name=op.f("fk_prescription_supply_prescription_id")
        ),
        sa.ForeignKeyConstraint(
            ["prescription_item_id"], ["prescription_item.id"], name=op.f("fk_prescription_supply_prescription_item_id")
        ),
        sa.PrimaryKeyConstraint("prescription_item_id", name=op.f("pk_prescription_supply")),
    )
    with op.batch_alter_table("prescription_supply", schema=None) as batch_op:
        batch_op.create_index("ix_prescription_supply_ends_at", ["ends_at"], unique=False)
        batch_op.create_index("ix_prescription_supply_opens_at", ["opens_at"], unique=False)
        batch_op.create_index("ix_prescription_supply_prescription_id", ["prescription_id"], unique=False)

    op.create_table(
        "refill_decision",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("renewed_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["renewed_id"], ["prescription.id"], name=op.f("fk_refill_decision_renewed_id")),
        sa.ForeignKeyConstraint(["request_id"], ["refill_request.id"], name=op.f("fk_refill_decision_request_id")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_refill_decision")),
    )
    with op.batch_alter_table("prescription", schema=None) as batch_op:
        batch_op.add_column(sa.Column("supersedes_id", sa.Uuid(), nullable=True))
        batch_op.create_index("ix_prescription_status_created_at_id", ["status", "created_at", "id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_prescription_supersedes_id"), ["supersedes_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_prescription_supersedes_id"), "prescription", ["supersedes_id"], ["id"]
        )

    _add_supplies()
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(trigger_of(table))
        op.execute(trigger_of("refill_request", "status"))


def _add_supplies() -> None:
    """Add the supply of each medicine that was prescribed before. Nothing is known of its dispenses."""
    items = sa.text(
        "SELECT i.id, i.prescription_id, i.quantity, i.refills, i.days, p.created_at "
        "FROM prescription_item i JOIN prescription p ON p.id = i.prescription_id WHERE p.status = 'active'"
    ).columns(id=sa.Uuid, prescription_id=sa.Uuid, created_at=MOMENT)
    supply = sa.table(
        "prescription_supply",
        sa.column("prescription_item_id", sa.Uuid),
        sa.column("prescription_id", sa.Uuid),
        sa.column("allowed", sa.Integer),
        sa.column("dispensed", sa.Integer),
        sa.column("opens_at", MOMENT),
        sa.column("ends_at", MOMENT),
    )
    rows = [
        {
            "prescription_item_id": item.id,
            "prescription_id": item.prescription_id,
            "allowed": item.quantity * (1 + item.refills),
            "dispensed": 0,
            "opens_at": item.created_at,
            "ends_at": item.created_at + (1 + item.refills) * timedelta(days=item.days),
        }
        for item in op.get_bind().execute(items)
    ]
    op.bulk_insert(supply, rows)


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("prescription", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_prescription_supersedes_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_prescription_supersedes_id"), type_="unique")
        batch_op.drop_index("ix_prescription_status_created_at_id")
        batch_op.drop_column("supersedes_id")

    op.drop_table("refill_decision")
    with op.batch_alter_table("prescription_supply", schema=None) as batch_op:
        batch_op.drop_index("ix_prescription_supply_prescription_id")
        batch_op.drop_index("ix_prescription_supply_opens_at")
        batch_op.drop_index("ix_prescription_supply_ends_at")

    op.drop_table("prescription_supply")
    with op.batch_alter_table("dispense_line", schema=None) as batch_op:
        batch_op.drop_index("ix_dispense_line_prescription_item_id")

    op.drop_table("dispense_line")
    with op.batch_alter_table("refill_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_refill_request_open",
            sqlite_where=sa.text("status = 'requested'"),
            postgresql_where=sa.text("status = 'requested'"),
        )
        batch_op.drop_index("ix_refill_request_patient_id_id")
        batch_op.drop_index(
            "ix_refill_request_open_expires_at",
            sqlite_where=sa.text("status = 'requested'"),
            postgresql_where=sa.text("status = 'requested'"),
        )
        batch_op.drop_index("ix_refill_request_doctor_id_status_id")

    op.drop_table("refill_request")
    op.drop_table("prescription_end")
    with op.batch_alter_table("dispense", schema=None) as batch_op:
        batch_op.drop_index("ix_dispense_prescription_id_id")
        batch_op.drop_index("ix_dispense_patient_id_id")

    op.drop_table("dispense")
    with op.batch_alter_table("declined_dispense", schema=None) as batch_op:
        batch_op.drop_index("ix_declined_dispense_prescription_id_id")

    op.drop_table("declined_dispense")
