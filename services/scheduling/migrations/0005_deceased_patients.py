"""Patients who have died: clinical says who."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Apply."""
    op.add_column("patient", sa.Column("is_deceased", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("patient", sa.Column("deceased_revision", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take back."""
    op.drop_column("patient", "deceased_revision")
    op.drop_column("patient", "is_deceased")
