"""Tasks that Matron gives for overdue observations: the time of the last reading, and no giver."""

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables

revision: str = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("observed_at", chassis.persistence.tables.Moment(timezone=True), nullable=True))
        batch_op.alter_column("given_by", existing_type=sa.Uuid(), nullable=True)


def downgrade() -> None:
    """Revert. A task without a giver has no place in the older table."""
    op.execute("DELETE FROM task WHERE given_by IS NULL")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.alter_column("given_by", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_column("observed_at")
