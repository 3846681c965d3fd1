"""Inventory: items, batches, and the ledger of movements."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables
from services.clinical.models.append_only import trigger_of

revision: str = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("substance", sa.String(length=200), nullable=True),
        sa.Column("unit", sa.String(length=30), nullable=True),
        sa.Column("reorder_level", sa.BigInteger(), nullable=True),
        sa.Column("serial_number", sa.String(length=100), nullable=True),
        sa.Column("serial_key", sa.String(length=300), nullable=True),
        sa.Column("location", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=True),
        sa.Column("next_service_on", sa.Date(), nullable=True),
        sa.Column(
            "search_key",
            sa.String(length=500).with_variant(sa.String(length=500, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("low_since", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.Column("created_at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_item_quantity_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("serial_key", name=op.f("uq_item_serial_key")),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index("ix_item_next_service_on", ["next_service_on"], unique=False)
        batch_op.create_index("ix_item_search_key_id", ["search_key", "id"], unique=False)

    op.create_table(
        "batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch", sa.String(length=50), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("expiring_since", chassis.persistence.tables.Moment(timezone=True), nullable=True),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_batch_quantity_not_negative")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_batch_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("item_id", "batch", name=op.f("uq_batch_item_id_batch")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index(
            "ix_batch_expires_on",
            ["expires_on"],
            unique=False,
            sqlite_where=sa.text("quantity > 0"),
            postgresql_where=sa.text("quantity > 0"),
        )
        batch_op.create_index("ix_batch_item_id_expires_on", ["item_id", "expires_on"], unique=False)

    op.create_table(
        "stock_movement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("dispense_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("at", chassis.persistence.tables.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_stock_movement_batch_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stock_movement_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    with op.batch_alter_table("stock_movement", schema=None) as batch_op:
        batch_op.create_index("ix_stock_movement_batch_id_patient_id", ["batch_id", "patient_id"], unique=False)
        batch_op.create_index("ix_stock_movement_item_id_at_id", ["item_id", "at", "id"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        op.execute(trigger_of("stock_movement"))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("stock_movement", schema=None) as batch_op:
        batch_op.drop_index("ix_stock_movement_item_id_at_id")
        batch_op.drop_index("ix_stock_movement_batch_id_patient_id")

    op.drop_table("stock_movement")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_item_id_expires_on")
        batch_op.drop_index(
            "ix_batch_expires_on", sqlite_where=sa.text("quantity > 0"), postgresql_where=sa.text("quantity > 0")
        )

    op.drop_table("batch")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_index("ix_item_search_key_id")
        batch_op.drop_index("ix_item_next_service_on")

    op.drop_table("item")
