"""Copies of the admins, who get notifications about the whole hospital."""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "admin",
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("is_admin", sa.Boolean, nullable=False),
        sa.Column("changed_by", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_admin"),
    )


def downgrade() -> None:
    """Revert."""
    op.drop_table("admin")
