"""Return addresses of payments."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Apply."""
    op.add_column("payment", sa.Column("return_url", sa.String(2000)))


def downgrade() -> None:
    """Revert."""
    op.drop_column("payment", "return_url")
