"""Indexes for the oldest rows of the inbox and of stored replies."""

from chassis.persistence.migrations import index_oldest_rows

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Apply."""
    index_oldest_rows()


def downgrade() -> None:
    """Revert."""
    index_oldest_rows("brin")
