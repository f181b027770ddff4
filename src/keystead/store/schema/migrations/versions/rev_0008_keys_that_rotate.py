"""How the master key is made of a passphrase; since when a key is replaced, and how much it has sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add three columns."""
    nothing, none = sa.text("''"), sa.text("0")
    op.add_column(
        "installation",
        sa.Column("master_derivation", sa.String(), server_default=nothing, nullable=False),
    )
    op.add_column("keyring", sa.Column("superseded_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "keyring", sa.Column("seals", sa.BigInteger(), server_default=none, nullable=False)
    )
