"""When phone numbers changed, so that the newest of two counts; and whose desk patient's copy is the newest."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Apply."""
    for table in ("account", "desk_patient"):
        op.add_column(table, sa.Column("phone_changed_at", Moment))
    op.add_column("desk_patient", sa.Column("changed_by", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE account SET phone_changed_at = created_at WHERE phone IS NOT NULL")


def downgrade() -> None:
    """Take back."""
    op.drop_column("desk_patient", "changed_by")
    for table in ("account", "desk_patient"):
        op.drop_column(table, "phone_changed_at")
