"""Daily comparisons with the payment providers."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("has_differences", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation"),
        sa.UniqueConstraint("provider", "day", name="uq_reconciliation_provider_day"),
    )
    op.create_index("ix_reconciliation_at_id", "reconciliation", ["at", "id"])


def downgrade() -> None:
    """Revert."""
    op.drop_table("reconciliation")
