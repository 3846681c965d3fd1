"""Links to pay an invoice without an account."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pay_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("is_printed", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pay_link"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name="fk_pay_link_invoice_id_invoice"),
        sa.UniqueConstraint("digest", name="uq_pay_link_digest"),
    )
    op.create_index("ix_pay_link_invoice_id", "pay_link", ["invoice_id"])


def downgrade() -> None:
    """Revert."""
    op.drop_table("pay_link")
