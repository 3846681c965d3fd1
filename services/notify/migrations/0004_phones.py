"""Times of phone number changes, so that the newest number of auth and clinical counts."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Apply."""
    op.add_column("contact", sa.Column("phone_changed_at", Moment))


def downgrade() -> None:
    """Revert."""
    op.drop_column("contact", "phone_changed_at")
