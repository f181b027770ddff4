"""The schema, described once for every engine. Instants are microseconds since 1970 in whole numbers.

Texts that are lists or objects are JSON. `…_key` columns hold `core.names.name_key`, by which names are
the same; `search` holds the same of every text that a search looks at, a line each. A deleted row stays
as a tombstone; unique indexes see only the living, which frees its name.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, func, text

from keystead.store.schema.api_tables import (
    access_tokens,
    api_verifiers,
    apis,
    capped_mints,
    credential_apis,
    paced_mints,
    settings,
    signing_keys,
    spent_assertions,
)
from keystead.store.schema.columns import LIVING as _LIVING
from keystead.store.schema.columns import instant as _instant
from keystead.store.schema.columns import living, metadata, usage_metadata
from keystead.store.schema.columns import text_of as _text
from keystead.store.schema.usage_tables import last_use, used_in

__all__ = [
    "access_tokens",
    "account_versions",
    "accounts",
    "api_verifiers",
    "apis",
    "audit_cuts",
    "audit_entries",
    "audit_heads",
    "capped_mints",
    "credential_apis",
    "credential_secrets",
    "credentials",
    "folder_grants",
    "folders",
    "generation",
    "generation_journal",
    "group_members",
    "groups",
    "installation",
    "kept_answers",
    "keyring",
    "last_use",
    "metadata",
    "owners",
    "paced_mints",
    "settings",
    "signing_keys",
    "spent_assertions",
    "usage_metadata",
    "used_in",
]

_REVOKED = "revoked_at IS NOT NULL"
_OFF = "revoked_at IS NULL AND disabled_at IS NOT NULL"

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("organisation"),
    _text("master_key_id"),
    _instant("created_at"),
    # Since revision 0007: how the master key is made of a passphrase; nothing where it is not.
    Column("master_derivation", String, nullable=False, server_default=text("''")),
)

keyring = Table(
    "keyring",
    metadata,
    Column("purpose", String, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    _instant("created_at"),
    # Since revision 0007. A key that is replaced makes nothing new; its row is what those who do so lock.
    _instant("superseded_at", nullable=True),
    Column("seals", BigInteger, nullable=False, server_default=text("0")),
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
    # Since revision 0002, hence the defaults: they are for the rows that stood before.
    _text("external_id", nullable=True),
    Column("metadata", String, nullable=False, server_default=text("'{}'")),
    _instant("password_changed_at", nullable=True),
    Column("must_change", Integer, nullable=False, server_default=text("0")),
    # Since revision 0010.
    Column("disabled_from_above", Integer, nullable=False, server_default=text("0")),
    Index("owners_name", "kind", "name_key", unique=True),
    Index("owners_login", "login_key", unique=True),
    Index("owners_managed", "managed_by"),
    Index("owners_external", "external_id", unique=True),
    Index("owners_by_name", "name_key", "id"),
    Index("owners_created", "created_at", "id"),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String, primary_key=True),
    _text("name"),
    _text("name_key"),
    _text("created_by"),
    _instant("created_at"),
    _instant("modified_at"),
    _instant("deleted_at", nullable=True),
    Column("revision", Integer, nullable=False),
    Index(
        "groups_name",
        "name_key",
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    ),
)

group_members = Table(
    "group_members",
    metadata,
    Column("group_id", String, primary_key=True),
    Column("owner_id", String, primary_key=True),
    Index("group_members_owner", "owner_id"),
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
    # Since revision 0006: the registered public keys of an OAuth client, a JWK set.
    _text("public_jwks", nullable=True),
    _text("legacy_audience", nullable=True),
    # Since revision 0011.
    _instant("last_refreshed_at", nullable=True),
    _text("former_id", nullable=True),
    _instant("former_ends_at", nullable=True),
    # Since revision 0014: how often a token may be used, and was.
    Column("max_uses", Integer, nullable=True),
    Column("uses", Integer, nullable=False, server_default=text("0")),
    # Since revision 0015.
    Column("disabled_from_above", Integer, nullable=False, server_default=text("0")),
    Index(
        "credentials_name",
        "kind",
        "name_key",
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    ),
    living("credentials_created", "created_at", "id"),
    living("credentials_owner", "owner_id", "created_at", "id"),
    # Since revision 0009: an owner's own list in the other orders.
    living("credentials_owner_names", "owner_id", "name_key", "id"),
    living("credentials_owner_ends", "owner_id", "expires_at", "id"),
    living("credentials_expires", "expires_at", "id"),
    living("credentials_by_name", "name_key", "id"),
    # States that few are in: whoever is in another one has no entry there, and costs nothing.
    living("credentials_revoked", "created_at", "id", "revoked_at", where=_REVOKED),
    living("credentials_revoked_ends", "expires_at", "id", "revoked_at", where=_REVOKED),
    living("credentials_off", "created_at", "id", "revoked_at", "disabled_at", where=_OFF),
    living("credentials_off_ends", "expires_at", "id", "revoked_at", "disabled_at", where=_OFF),
    living("credentials_begins", "not_before", "id", where="not_before IS NOT NULL"),
    living("credentials_former", "former_id", where="former_id IS NOT NULL"),
    # Since revision 0006: all that counting them reads.
    living(
        "credentials_counted",
        "kind",
        "type",
        "owner_id",
        "expires_at",
        "not_before",
        "disabled_at",
        "revoked_at",
    ),
    # All that a search through texts reads, so that it leaves the ten times wider rows alone. PostgreSQL
    # takes no entry of more than 2,704 bytes into an index, and a text may be longer.
    living("credentials_search", "created_at", "id", "search").ddl_if("sqlite"),
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
    # Since revision 0006: its first use ends the older ones.
    Column("ends_older", Integer, nullable=False, server_default=text("0")),
    # Since revision 0013: of an imported token, what ties its digest to the credential.
    Column("binding", LargeBinary, nullable=True),
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
    Index("folder_grants_grantee", "grantee_id"),
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

# Answers to requests with an `Idempotency-Key`, for as long as they may come again.
kept_answers = Table(
    "kept_answers",
    metadata,
    Column("credential_id", String, primary_key=True),
    Column("request_key", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    _instant("expires_at"),
    Index("kept_answers_expires", "expires_at"),
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
    Index("audit_at", "at", "node", "n"),
    Index("audit_credential", "credential_id", "node", "n"),
    Index("audit_object", "object_id", "node", "n"),
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

# Since revision 0012: behind which entry a chain begins, signed, where retention has cut it.
audit_cuts = Table(
    "audit_cuts",
    metadata,
    Column("node", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("key_n", Integer, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)
