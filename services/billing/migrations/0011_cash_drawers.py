"""Closings of cash drawers."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0011"
down_revision: str | None = "0010"

PAYMENTS_IN_DRAWER = "provider = 'cash' AND cash_closing_id IS NULL"
REFUNDS_IN_DRAWER = "paid_out_by IS NOT NULL AND cash_closing_id IS NULL"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "cash_closing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("expected_minor", sa.BigInteger(), nullable=False),
        sa.Column("counted_minor", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cash_closing"),
        sa.UniqueConstraint("person_id", "day", name="uq_cash_closing_person_id_day"),
    )
    op.create_index("ix_cash_closing_closed_at_id", "cash_closing", ["closed_at", "id"])
    with op.batch_alter_table("payment") as payment:
        payment.add_column(sa.Column("cash_closing_id", sa.Uuid(), nullable=True))
        payment.create_foreign_key("fk_payment_cash_closing_id", "cash_closing", ["cash_closing_id"], ["id"])
    with op.batch_alter_table("refund") as refund:
        refund.add_column(sa.Column("paid_out_by", sa.Uuid(), nullable=True))
        refund.add_column(sa.Column("cash_closing_id", sa.Uuid(), nullable=True))
        refund.create_foreign_key("fk_refund_cash_closing_id", "cash_closing", ["cash_closing_id"], ["id"])
    _create_partial("ix_payment_in_drawer", "payment", "taken_by", PAYMENTS_IN_DRAWER)
    _create_partial("ix_refund_in_drawer", "refund", "paid_out_by", REFUNDS_IN_DRAWER)


def _create_partial(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    """Revert. The closings are lost."""
    op.drop_index("ix_refund_in_drawer", "refund")
    op.drop_index("ix_payment_in_drawer", "payment")
    with op.batch_alter_table("refund") as refund:
        refund.drop_constraint("fk_refund_cash_closing_id", type_="foreignkey")
        refund.drop_column("cash_closing_id")
        refund.drop_column("paid_out_by")
    with op.batch_alter_table("payment") as payment:
        payment.drop_constraint("fk_payment_cash_closing_id", type_="foreignkey")
        payment.drop_column("cash_closing_id")
    op.drop_table("cash_closing")
