"""The planned times of appointments in care relations."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0014"
down_revision: str | None = "0013"


def upgrade() -> None:
    """Apply."""
    op.add_column("care_relation", sa.Column("starts_at", Moment))
    op.add_column("care_relation", sa.Column("ends_at", Moment))


def downgrade() -> None:
    """Revert."""
    op.drop_column("care_relation", "ends_at")
    op.drop_column("care_relation", "starts_at")
