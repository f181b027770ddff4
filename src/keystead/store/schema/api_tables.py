"""Tables of what is granted on APIs: catalogues, access tokens, the keys that sign them, and policy."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, text

from keystead.store.schema.columns import instant, metadata, text_of

__all__ = [
    "access_tokens",
    "api_verifiers",
    "apis",
    "capped_mints",
    "credential_apis",
    "paced_mints",
    "settings",
    "signing_keys",
    "spent_assertions",
]

_NOT_ENDED = text("revoked_at IS NULL")
_WITHOUT_END = text("ends_at IS NULL")

# An identifier stands in stored credentials, so a tombstone keeps it: it is never another API's.
apis = Table(
    "apis",
    metadata,
    Column("id", String, primary_key=True),
    text_of("identifier"),
    text_of("identifier_key"),
    text_of("name"),
    text_of("description"),
    text_of("owner_id"),
    text_of("token_format"),
    text_of("algorithm"),
    Column("token_seconds", Integer, nullable=False),
    text_of("offline_networks"),
    text_of("groups"),
    text_of("created_by"),
    instant("created_at"),
    instant("modified_at"),
    instant("deleted_at", nullable=True),
    Column("revision", Integer, nullable=False),
    Index("apis_identifier", "identifier_key", unique=True),
)

api_verifiers = Table(
    "api_verifiers",
    metadata,
    Column("api_id", String, primary_key=True),
    Column("owner_id", String, primary_key=True),
    Index("api_verifiers_owner", "owner_id"),
)

# Which credentials have access to an API besides Keystead's own: who feels a change of its catalogue.
credential_apis = Table(
    "credential_apis",
    metadata,
    Column("identifier", String, primary_key=True),
    Column("credential_id", String, primary_key=True),
)

# Short rows, inserted at the end: there may be millions, and the digest is the only random write.
access_tokens = Table(
    "access_tokens",
    metadata,
    # SQLite's row numbers are INTEGER by name; PostgreSQL's would end after a few days of many mints.
    Column(
        "row",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    text_of("id"),
    Column("pepper_n", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    text_of("parent_id"),
    Column("secret_n", Integer, nullable=False),
    Column("n", BigInteger, nullable=False),
    text_of("grants"),
    instant("created_at"),
    instant("expires_at"),
    instant("revoked_at", nullable=True),
    Index("access_tokens_digest", "digest", unique=True),
    # Without those that were ended: past the cap of live ones each mint ends another, and looks for it.
    Index(
        "access_tokens_of",
        "parent_id",
        "n",
        "expires_at",
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    ),
    Index("access_tokens_ends", "expires_at"),
)

# The `jti` of client assertions that were used, until they have ended by themselves.
spent_assertions = Table(
    "spent_assertions",
    metadata,
    Column("credential_id", String, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    instant("expires_at"),
    Index("spent_assertions_ends", "expires_at"),
)

# Mints where a face bounds how many there may be in a minute, whatever became of the tokens.
paced_mints = Table(
    "paced_mints",
    metadata,
    Column("credential_id", String, primary_key=True),
    Column("token_id", String, primary_key=True),
    instant("at"),
    Index("paced_mints_at", "at"),
)

# Who asks for more access tokens than may live at once.
capped_mints = Table(
    "capped_mints",
    metadata,
    Column("credential_id", String, primary_key=True),
    Column("ended", BigInteger, nullable=False),
    instant("since"),
    instant("last_at"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String, primary_key=True),
    text_of("algorithm"),
    text_of("public_jwk"),
    Column("sealed", LargeBinary, nullable=False),
    instant("created_at"),
    instant("signs_from"),
    instant("ends_at", nullable=True),
    Index("signing_keys_of", "algorithm", "signs_from"),
    # Of each algorithm one key has no end: the one that no other has succeeded yet.
    Index(
        "signing_keys_newest",
        "algorithm",
        unique=True,
        sqlite_where=_WITHOUT_END,
        postgresql_where=_WITHOUT_END,
    ),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    text_of("value"),
    text_of("modified_by"),
    instant("modified_at"),
)
