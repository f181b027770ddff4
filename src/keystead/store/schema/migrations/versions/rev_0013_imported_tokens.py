"""What ties the digest of an imported token to its credential."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add one column."""
    op.add_column("credential_secrets", sa.Column("binding", sa.LargeBinary(), nullable=True))
