"""When a key was refreshed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add a column."""
    op.add_column("credentials", sa.Column("last_refreshed_at", sa.BigInteger(), nullable=True))
