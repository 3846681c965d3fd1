"""Details of audit entries."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Apply."""
    op.add_column("audit", sa.Column("details", sa.JSON))


def downgrade() -> None:
    """Revert."""
    op.drop_column("audit", "details")
