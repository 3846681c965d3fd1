"""An index of emergency accesses by patient, for the doctors who treat a patient."""

from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_break_glass_patient_id", "break_glass", ["patient_id"])


def downgrade() -> None:
    """Revert."""
    op.drop_index("ix_break_glass_patient_id", "break_glass")
