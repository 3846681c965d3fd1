"""What the audit says more of a deed."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Apply."""
    op.add_column("audit", sa.Column("details", sa.JSON))


def downgrade() -> None:
    """Take back."""
    op.drop_column("audit", "details")
