"""How often access tokens are asked for, and the index that tells which of them live."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add two tables, and the ends of tokens to the index of their parents."""
    not_ended = sa.text("revoked_at IS NULL")
    op.drop_index("access_tokens_of", "access_tokens")
    op.create_index(
        "access_tokens_of",
        "access_tokens",
        ["parent_id", "n", "expires_at"],
        sqlite_where=not_ended,
        postgresql_where=not_ended,
    )
    op.create_table(
        "paced_mints",
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("token_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("credential_id", "token_id"),
    )
    op.create_index("paced_mints_at", "paced_mints", ["at"])
    op.create_table(
        "capped_mints",
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("credential_id"),
    )
