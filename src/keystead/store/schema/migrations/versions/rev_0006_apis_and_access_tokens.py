"""Catalogues of APIs, access tokens and what signs them, registered keys of clients, and settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add their tables, three columns, and the index by which credentials are counted."""
    op.add_column("credentials", sa.Column("public_jwks", sa.String(), nullable=True))
    op.add_column("credentials", sa.Column("legacy_audience", sa.String(), nullable=True))
    op.add_column(
        "credential_secrets",
        sa.Column("ends_older", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    living = sa.text("deleted_at IS NULL")
    op.create_index(
        "credentials_counted",
        "credentials",
        [
            "kind", "type", "owner_id", "expires_at", "not_before", "disabled_at", "revoked_at",
            "deleted_at",
        ],
        sqlite_where=living,
        postgresql_where=living,
    )  # fmt: skip
    _apis()
    _access_tokens()
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(), nullable=False),
        _text("algorithm"),
        _text("public_jwk"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _instant("created_at"),
        _instant("signs_from"),
        _instant("ends_at", nullable=True),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_index("signing_keys_of", "signing_keys", ["algorithm", "signs_from"])
    without_end = sa.text("ends_at IS NULL")
    op.create_index(
        "signing_keys_newest",
        "signing_keys",
        ["algorithm"],
        unique=True,
        sqlite_where=without_end,
        postgresql_where=without_end,
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(), nullable=False),
        _text("value"),
        _text("modified_by"),
        _instant("modified_at"),
        sa.PrimaryKeyConstraint("name"),
    )


def _apis() -> None:
    op.create_table(
        "apis",
        sa.Column("id", sa.String(), nullable=False),
        _text("identifier"),
        _text("identifier_key"),
        _text("name"),
        _text("description"),
        _text("owner_id"),
        _text("token_format"),
        _text("algorithm"),
        sa.Column("token_seconds", sa.Integer(), nullable=False),
        _text("offline_networks"),
        _text("groups"),
        _text("created_by"),
        _instant("created_at"),
        _instant("modified_at"),
        _instant("deleted_at", nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("apis_identifier", "apis", ["identifier_key"], unique=True)
    op.create_table(
        "api_verifiers",
        sa.Column("api_id", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("api_id", "owner_id"),
    )
    op.create_index("api_verifiers_owner", "api_verifiers", ["owner_id"])
    op.create_table(
        "credential_apis",
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", "credential_id"),
    )


def _access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _text("id"),
        sa.Column("pepper_n", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _text("parent_id"),
        sa.Column("secret_n", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        _text("grants"),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("row"),
    )
    op.create_index("access_tokens_digest", "access_tokens", ["digest"], unique=True)
    not_ended = sa.text("revoked_at IS NULL")
    op.create_index(
        "access_tokens_of",
        "access_tokens",
        ["parent_id", "n"],
        sqlite_where=not_ended,
        postgresql_where=not_ended,
    )
    op.create_index("access_tokens_ends", "access_tokens", ["expires_at"])
    op.create_table(
        "spent_assertions",
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("credential_id", "digest"),
    )
    op.create_index("spent_assertions_ends", "spent_assertions", ["expires_at"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)
