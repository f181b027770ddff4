"""How often a token may be used, and was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add two columns; nothing has a number of uses yet."""
    op.add_column("credentials", sa.Column("max_uses", sa.Integer(), nullable=True))
    op.add_column(
        "credentials", sa.Column("uses", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
