"""Strengths of medicines in stock and of what was dispensed, and an index of chart accesses by reader."""

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"


def upgrade() -> None:
    """Apply."""
    for table, value, text in (
        ("item", "strength_value", sa.Column("strength_unit", sa.String(length=30), nullable=True)),
        ("dispense_line", "units_per_dose", sa.Column("strength_reason", sa.String(length=500), nullable=True)),
    ):
        op.add_column(table, sa.Column(value, sa.Numeric(), nullable=True))
        op.add_column(table, text)
    op.create_index("ix_chart_access_reader_id_at", "chart_access", ["reader_id", "at"])


def downgrade() -> None:
    """Revert."""
    op.drop_index("ix_chart_access_reader_id_at", "chart_access")
    for table, columns in (
        ("dispense_line", ("strength_reason", "units_per_dose")),
        ("item", ("strength_unit", "strength_value")),
    ):
        for column in columns:
            op.drop_column(table, column)
