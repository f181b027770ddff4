"""Owners whole: passwords' facts, what an application is called elsewhere, and groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns to the owners, and the groups' tables."""
    # SQLite writes the table anew, so that its definition is the same as one that was made today.
    with op.batch_alter_table("owners") as owners:
        owners.add_column(sa.Column("external_id", sa.String(), nullable=True))
        owners.add_column(
            sa.Column("metadata", sa.String(), server_default=sa.text("'{}'"), nullable=False)
        )
        owners.add_column(sa.Column("password_changed_at", sa.BigInteger(), nullable=True))
        owners.add_column(
            sa.Column("must_change", sa.Integer(), server_default=sa.text("0"), nullable=False)
        )
    # When a password was set is not known of those that there are: the owner's last change is no sooner.
    op.execute(
        "UPDATE owners SET password_changed_at = modified_at WHERE password_hash IS NOT NULL"
    )
    op.create_index("owners_external", "owners", ["external_id"], unique=True)
    op.create_index("owners_by_name", "owners", ["name_key", "id"], unique=False)
    op.create_index("owners_created", "owners", ["created_at", "id"], unique=False)
    op.create_table(
        "groups",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "groups_name",
        "groups",
        ["name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "owner_id"),
    )
    op.create_index("group_members_owner", "group_members", ["owner_id"], unique=False)
    op.create_index("folder_grants_grantee", "folder_grants", ["grantee_id"], unique=False)
