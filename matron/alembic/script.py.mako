"""${message}."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import chassis.persistence.tables

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take back."""
    ${downgrades if downgrades else "pass"}
