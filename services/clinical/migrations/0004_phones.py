"""Times of phone number changes, so that the newest number counts. Older rows count less than accounts."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0004"
down_revision: str | None = "0003"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PATIENT = sa.table("patient", sa.column("phone"), sa.column("phone_changed_at", Moment))


def upgrade() -> None:
    """Apply."""
    op.add_column("patient", sa.Column("phone_changed_at", Moment))
    op.execute(sa.update(PATIENT).where(PATIENT.c.phone.is_not(None)).values(phone_changed_at=LONG_AGO))


def downgrade() -> None:
    """Revert."""
    op.drop_column("patient", "phone_changed_at")
