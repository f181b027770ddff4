"""Whether an administrator disabled another's credential: then only one enables it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add a column; who disabled those that are disabled is not known, so it was an administrator."""
    op.add_column(
        "credentials",
        sa.Column("disabled_from_above", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.execute("UPDATE credentials SET disabled_from_above = 1 WHERE disabled_at IS NOT NULL")
