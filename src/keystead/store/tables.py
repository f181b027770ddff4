"""The schema, described once for every engine. Instants are microseconds since 1970 in whole numbers.

Texts that are lists or objects are JSON. `…_key` columns hold `core.names.name_key`, by which names are
the same; `search` holds the same of every text that a search looks at, a line each. A deleted row stays
as a tombstone; unique indexes see only the living, which frees its name.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    text,
)

__all__ = [
    "account_versions",
    "accounts",
    "audit_entries",
    "audit_heads",
    "credential_secrets",
    "credentials",
    "folder_grants",
    "folders",
    "generation",
    "generation_journal",
    "installation",
    "keyring",
    "last_use",
    "metadata",
    "owners",
    "usage_metadata",
]

metadata = MetaData()
usage_metadata = MetaData(schema="usage")

_LIVING = text("deleted_at IS NULL")


def _instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, String, nullable=nullable)


installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("organisation"),
    _text("master_key_id"),
    _instant("created_at"),
)

keyring = Table(
    "keyring",
    metadata,
    Column("purpose", String, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    _instant("created_at"),
)

owners = Table(
    "owners",
    metadata,
    Column("id", String, primary_key=True),
    _text("kind"),
    _text("name"),
    _text("name_key"),
    _text("login", nullable=True),
    _text("login_key", nullable=True),
    _text("email"),
    _text("password_hash", nullable=True),
    _text("roles"),
    _text("state"),
    _text("managed_by", nullable=True),
    _text("search"),
    _text("created_by"),
    _instant("created_at"),
    _instant("modified_at"),
    Column("revision", Integer, nullable=False),
    Index("owners_name", "kind", "name_key", unique=True),
    Index("owners_login", "login_key", unique=True),
    Index("owners_managed", "managed_by"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", String, primary_key=True),
    _text("kind"),
    _text("type"),
    _text("name"),
    _text("name_key"),
    _text("description"),
    _text("owner_id"),
    _text("created_by"),
    _instant("created_at"),
    _instant("modified_at"),
    _text("access"),
    _text("networks"),
    _instant("expires_at", nullable=True),
    _instant("not_before", nullable=True),
    _instant("disabled_at", nullable=True),
    _instant("revoked_at", nullable=True),
    _instant("deleted_at", nullable=True),
    _text("metadata"),
    _text("search"),
    Column("revision", Integer, nullable=False),
    Index(
        "credentials_name",
        "kind",
        "name_key",
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    ),
    Index("credentials_created", "created_at", "id"),
    Index("credentials_owner", "owner_id", "created_at", "id"),
    Index("credentials_expires", "expires_at", "id"),
    Index("credentials_by_name", "name_key", "id"),
)

# Sequential row numbers keep inserts at the end of the table; the digest index is the only random write.
credential_secrets = Table(
    "credential_secrets",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=True),
    _text("credential_id"),
    Column("n", Integer, nullable=False),
    Column("pepper_n", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _instant("created_at"),
    _instant("retires_at", nullable=True),
    Index("credential_secrets_digest", "digest", unique=True),
    Index("credential_secrets_of", "credential_id", "n", unique=True),
)

folders = Table(
    "folders",
    metadata,
    Column("id", String, primary_key=True),
    _text("parent_id", nullable=True),
    _text("name"),
    _text("name_key"),
    _text("created_by"),
    _instant("created_at"),
    _instant("modified_at"),
    _instant("deleted_at", nullable=True),
    Column("revision", Integer, nullable=False),
)
# NULL differs from NULL in a unique index, so the top is written as the empty text there.
Index(
    "folders_name",
    func.coalesce(folders.c.parent_id, ""),
    folders.c.name_key,
    unique=True,
    sqlite_where=_LIVING,
    postgresql_where=_LIVING,
)

folder_grants = Table(
    "folder_grants",
    metadata,
    Column("folder_id", String, primary_key=True),
    Column("grantee_id", String, primary_key=True),
    Column("access_right", Integer, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", String, primary_key=True),
    _text("folder_id"),
    _text("name"),
    _text("name_key"),
    _text("username"),
    _text("target"),
    _text("type"),
    _text("tags"),
    _text("notes"),
    Column("version", Integer, nullable=False),
    _text("field_names"),
    _text("search"),
    _text("created_by"),
    _instant("created_at"),
    _instant("modified_at"),
    _instant("deleted_at", nullable=True),
    Column("revision", Integer, nullable=False),
    Index(
        "accounts_name",
        "folder_id",
        "name_key",
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    ),
    Index("accounts_by_name", "name_key", "id"),
)

account_versions = Table(
    "account_versions",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    _text("field_names"),
    _text("created_by"),
    _instant("created_at"),
)

generation = Table(
    "generation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("n", BigInteger, nullable=False),
)

generation_journal = Table(
    "generation_journal",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    _text("changed"),
    _text("ref"),
    _instant("at"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("node", Integer, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _instant("at"),
    _text("verb"),
    _text("owner_id"),
    _text("credential_id"),
    _text("object_type"),
    _text("object_id"),
    _text("decision"),
    Index("audit_at", "at"),
    Index("audit_credential", "credential_id", "n"),
    Index("audit_object", "object_id", "n"),
    sqlite_with_rowid=False,
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("node", Integer, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("key_n", Integer, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

# Counts live apart (`usage.db` on SQLite): flushing them never waits for, or wakes, the acts' own file.
last_use = Table(
    "last_use",
    usage_metadata,
    Column("credential_id", String, primary_key=True),
    Column("secret_n", Integer, primary_key=True),
    _instant("at"),
    _text("address"),
    _text("agent"),
    Column("uses", BigInteger, nullable=False),
)
