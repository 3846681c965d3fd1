"""The oldest rows of inbox and stored replies are found by index."""

from chassis.persistence.migrations import index_oldest_rows

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Apply."""
    index_oldest_rows()


def downgrade() -> None:
    """Take back."""
    index_oldest_rows("brin")
