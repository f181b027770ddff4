"""What a server's refusal means, in words that an operator can act on; no secret is among them."""

from __future__ import annotations

import socket
import ssl
from typing import Final

import asyncpg

from keystead.store.postgres.address import place_of

__all__ = ["sentence_of"]

_WORDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (
        asyncpg.InvalidCatalogNameError,
        "{}. Create it, owned by the role that Keystead uses.",
    ),
    (
        asyncpg.InvalidPasswordError,
        "{}. Look at the password in database_url, or in the file that PGPASSFILE names.",
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        (
            "{}. Is the role right? Add ?sslmode=require to database_url if the server wants TLS; its "
            "pg_hba.conf says who may come from where."
        ),
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        "{}. Give Keystead's role a database of its own: CREATE DATABASE keystead OWNER role.",
    ),
    (
        asyncpg.InvalidSchemaNameError,
        "{}. Make the schema that search_path names, or name another.",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "{}. Raise the server's max_connections, or end what holds them.",
    ),
    (
        asyncpg.ReadOnlySQLTransactionError,
        "it takes no writes ({}): a standby, perhaps. Name the primary.",
    ),
    (asyncpg.CannotConnectNowError, "{}. Try again when it is ready."),
    (
        asyncpg.UndefinedTableError,
        "{}. What is there is not Keystead's, or damaged: restore a backup.",
    ),
    (
        asyncpg.LockNotAvailableError,
        "somebody else holds its tables ({}). End what does, and try again.",
    ),
    (
        asyncpg.exceptions.TargetServerAttributeNotMatched,
        "it is a standby, which may be behind and takes no writes. Name the primary.",
    ),
    (asyncpg.PostgresError, "{}."),
    (TimeoutError, "it does not answer. Is the server running, and reachable from here?"),
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted ({}). Name the authority to trust with sslrootcert= in database_url.",
    ),
    (socket.gaierror, "nobody knows a host of this name."),
    (OSError, "it cannot be reached ({}). Is the server running?"),
    (
        asyncpg.exceptions.ClientConfigurationError,
        "{}. Look at database_url, and at PG… in the environment.",
    ),
)


def sentence_of(error: BaseException, url: str) -> str:
    """Return what went wrong with the database at an address, and what to do about it."""
    found = [words for kind, words in _WORDS if isinstance(error, kind)]
    if isinstance(error, ConnectionError) and "SSL upgrade" in str(error):
        found = ["it offers no TLS, which sslmode in database_url asks for."]
    # What a driver says of its own faults may quote what it stumbled over.
    why = found[0] if found else "what answers there is no PostgreSQL server, or fails ({})."
    said = _said(error) if found else type(error).__name__
    return f"The database {place_of(url)}: {why.format(said)}"


def _said(error: BaseException) -> str:
    match error:
        case asyncpg.PostgresError():
            # Its first line: what follows may quote a row.
            said = str(error.args[0]) if error.args else ""
        case ssl.SSLCertVerificationError():
            said = error.verify_message
        case OSError():
            said = error.strerror or str(error)
        case _:
            said = str(error)
    return said.strip().rstrip(".") or type(error).__name__
