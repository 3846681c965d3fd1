"""Copies of the deaths that clinical records."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "deceased_patient",
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("is_deceased", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("patient_id", name="pk_deceased_patient"),
    )


def downgrade() -> None:
    """Revert."""
    op.drop_table("deceased_patient")
