"""Doctors who have left stay, since their visits name them, and cannot be visited."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Apply."""
    op.add_column("doctor", sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Take back."""
    op.drop_column("doctor", "is_active")
