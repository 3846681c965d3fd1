"""Contacts of patients from the desk, with an optional e-mail address and phone number."""

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import Moment

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("contact") as contact:
        contact.alter_column("email", existing_type=sa.String(254), nullable=True)
        contact.add_column(sa.Column("phone", sa.String(16)))
        contact.add_column(sa.Column("patient_changed_by", sa.BigInteger, nullable=False, server_default="0"))
        contact.add_column(sa.Column("erased_at", Moment))
    with op.batch_alter_table("contact") as contact:
        contact.alter_column("patient_changed_by", existing_type=sa.BigInteger(), server_default=None)
    op.add_column("audit", sa.Column("details", sa.JSON))


def downgrade() -> None:
    """Revert."""
    op.execute("UPDATE contact SET email = '' WHERE email IS NULL")
    with op.batch_alter_table("contact") as contact:
        contact.alter_column("email", existing_type=sa.String(254), nullable=False)
        for name in ("phone", "patient_changed_by", "erased_at"):
            contact.drop_column(name)
    op.drop_column("audit", "details")
