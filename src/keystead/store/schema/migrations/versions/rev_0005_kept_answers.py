"""Answers to requests with an `Idempotency-Key`, kept for as long as they may come again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "kept_answers",
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("request_key", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("credential_id", "request_key"),
    )
    op.create_index("kept_answers_expires", "kept_answers", ["expires_at"], unique=False)
