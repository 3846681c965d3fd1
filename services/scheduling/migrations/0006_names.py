"""Names of people: copies for lists of appointments, shifts, swaps and tasks."""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("changed_by", sa.BigInteger, nullable=False),
    )
    op.add_column("patient", sa.Column("name", sa.String(200), nullable=False, server_default=""))
    op.add_column("patient", sa.Column("mrn", sa.String(20), nullable=True))
    op.add_column("patient", sa.Column("birth_date", sa.Date, nullable=True))
    op.add_column("patient", sa.Column("identity_sequence", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take back."""
    op.drop_column("patient", "identity_sequence")
    op.drop_column("patient", "birth_date")
    op.drop_column("patient", "mrn")
    op.drop_column("patient", "name")
    op.drop_table("person")
