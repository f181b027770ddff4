"""The audit of several nodes: its indexes lead to one chain's entries, and through all in order of time."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Put the node into each index."""
    for name, column in (
        ("audit_at", "at"),
        ("audit_credential", "credential_id"),
        ("audit_object", "object_id"),
    ):
        op.drop_index(name, "audit_entries")
        op.create_index(name, "audit_entries", [column, "node", "n"], unique=False)
