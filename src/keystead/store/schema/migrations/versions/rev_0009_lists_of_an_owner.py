"""Indexes by which one owner's credentials are listed by name and by end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add both, of the living alone."""
    living = sa.text("deleted_at IS NULL")
    for name, sort in (
        ("credentials_owner_names", "name_key"),
        ("credentials_owner_ends", "expires_at"),
    ):
        op.create_index(
            name,
            "credentials",
            ["owner_id", sort, "id", "deleted_at"],
            sqlite_where=living,
            postgresql_where=living,
        )
