"""Indexes by which lists of credentials stay quick: of the living alone, of rare states, of texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the orders' indexes anew without the deleted, and add the others."""
    for name, columns in (
        ("credentials_created", ["created_at", "id"]),
        ("credentials_owner", ["owner_id", "created_at", "id"]),
        ("credentials_expires", ["expires_at", "id"]),
        ("credentials_by_name", ["name_key", "id"]),
    ):
        op.drop_index(name, "credentials")
        _create(name, columns)
    for name, first in (
        ("credentials_revoked", "created_at"),
        ("credentials_revoked_ends", "expires_at"),
    ):
        _create(name, [first, "id", "revoked_at"], "revoked_at IS NOT NULL")
    for name, first in (("credentials_off", "created_at"), ("credentials_off_ends", "expires_at")):
        _create(
            name,
            [first, "id", "revoked_at", "disabled_at"],
            "revoked_at IS NULL AND disabled_at IS NOT NULL",
        )
    _create("credentials_begins", ["not_before", "id"], "not_before IS NOT NULL")
    if op.get_context().dialect.name == "sqlite":
        _create("credentials_search", ["created_at", "id", "search"])


def _create(name: str, columns: list[str], where: str | None = None) -> None:
    living = "deleted_at IS NULL"
    condition = sa.text(living if where is None else f"{living} AND {where}")
    op.create_index(
        name,
        "credentials",
        [*columns, "deleted_at"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
