"""Whether an administrator disabled an owner: then only one enables it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add a column; who disabled those that are disabled is not known, so it was an administrator."""
    with op.batch_alter_table("owners") as owners:
        owners.add_column(
            sa.Column(
                "disabled_from_above", sa.Integer(), server_default=sa.text("0"), nullable=False
            )
        )
    op.execute("UPDATE owners SET disabled_from_above = 1 WHERE state = 'disabled'")
