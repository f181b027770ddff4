"""When a key was refreshed, and the id that it had before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add three columns, and an index of those that have a former id."""
    op.add_column("credentials", sa.Column("last_refreshed_at", sa.BigInteger(), nullable=True))
    op.add_column("credentials", sa.Column("former_id", sa.String(), nullable=True))
    op.add_column("credentials", sa.Column("former_ends_at", sa.BigInteger(), nullable=True))
    condition = sa.text("deleted_at IS NULL AND former_id IS NOT NULL")
    op.create_index(
        "credentials_former",
        "credentials",
        ["former_id", "deleted_at"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
