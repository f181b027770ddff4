"""What can be wrong with a database on a server, each with a sentence that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.core.clock import Instant, SystemClock, format_instant
from keystead.core.errors import Misconfigured
from keystead.store.engine import Check
from keystead.store.examining.audit_head import KEPT_HEAD, LAST_ENTRIES, require_head
from keystead.store.examining.clock import NEWEST_ENTRY, require_clock
from keystead.store.examining.folder_tree import KEPT_FOLDERS, require_tree
from keystead.store.examining.schema import require_schema
from keystead.store.examining.signing_keys import KEPT_KEYS, NOT_YET, require_signing_keys
from keystead.store.postgres.aside import Aside
from keystead.store.postgres.migrate import schema_of
from keystead.store.schema.revisions import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from keystead.crypto.keyring import Keyring

__all__ = ["checks"]

_DRIFT: Final = 2_000_000
"""Microseconds between this machine's clock and the server's: what expires is judged by both."""


def checks(url: str, node: int, keyring: Callable[[], Keyring], at: Instant) -> tuple[Check, ...]:
    """See `Engine.checks`."""
    return (
        Check("database", lambda: _database(url)),
        Check("durability", lambda: _durability(url)),
        Check("schema", lambda: _schema(url)),
        Check("folders", lambda: _folders(url)),
        Check("audit head", lambda: _head(url, node, keyring())),
        Check("signing keys", lambda: _signing_keys(url, keyring())),
        Check("clock", lambda: _clock(url, at)),
    )


def _database(url: str) -> str:
    with Aside(url) as server:
        version = server.value("SHOW server_version")
        if server.value("SELECT pg_is_in_recovery()"):
            raise Misconfigured("the server is a standby and takes no writes; name the primary.")
    return f"PostgreSQL {version} answers"


def _durability(url: str) -> str:
    with Aside(url) as server:
        wrong = [
            name for name in ("fsync", "full_page_writes") if server.value(f"SHOW {name}") != "on"
        ]
    if wrong:
        raise Misconfigured(
            f"{' and '.join(wrong)} is off at the server: a power cut may lose what was answered; turn it on."
        )
    return "what is answered is on the disk"


def _schema(url: str) -> str:
    with Aside(url) as server:
        return require_schema(schema_of(server), "schema of Keystead's")


def _folders(url: str) -> str:
    with Aside(url) as server:
        return require_tree(server.fetch(KEPT_FOLDERS))


def _head(url: str, node: int, keyring: Keyring) -> str:
    with Aside(url) as server:
        server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        kept = server.fetch(KEPT_HEAD.format(node="$1"), node)
        last = server.fetch(LAST_ENTRIES.format(node="$1"), node)
    if not kept:
        return f"node {node} has no chain yet; its first start begins one"
    return f"node {node}: {require_head(kept, last, keyring)}"


def _signing_keys(url: str, keyring: Keyring) -> str:
    with Aside(url) as server:
        if schema_of(server) != HEAD:
            return NOT_YET
        return require_signing_keys(server.fetch(KEPT_KEYS), keyring)


def _clock(url: str, at: Instant) -> str:
    with Aside(url) as server:
        before = SystemClock().now()
        there = server.value("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        after = SystemClock().now()
        newest = server.value(NEWEST_ENTRY)
    if not before - _DRIFT <= there <= after + _DRIFT:
        raise Misconfigured(
            f"the server's clock says {format_instant(Instant(there))}, this machine's "
            f"{format_instant(after)}: set one of them right."
        )
    require_clock(newest, at)
    return f"{format_instant(at)}, as at the server, not behind the audit"
