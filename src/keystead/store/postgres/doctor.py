"""What can be wrong with a database on a server, each with a sentence that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.core.clock import MINUTE, Instant, SystemClock, format_instant
from keystead.core.errors import Misconfigured
from keystead.store.engine import Check
from keystead.store.head import KEPT_HEAD, LAST_ENTRIES, require_head
from keystead.store.postgres.aside import Aside
from keystead.store.postgres.migrate import schema_of
from keystead.store.schema.revisions import HEAD, form_of
from keystead.store.signing import KEPT_KEYS, NOT_YET, require_whole
from keystead.store.tree import KEPT_FOLDERS, require_tree

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
        found = schema_of(server)
    if found is None:
        raise Misconfigured("there is no schema of Keystead's; run keystead init.")
    return form_of(found)


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
    return f"node {node}: {require_head(kept, last, keyring).n} entries, the head is signed"


def _signing_keys(url: str, keyring: Keyring) -> str:
    with Aside(url) as server:
        if schema_of(server) != HEAD:
            return NOT_YET
        return require_whole(server.fetch(KEPT_KEYS), keyring)


def _clock(url: str, at: Instant) -> str:
    with Aside(url) as server:
        before = SystemClock().now()
        there = server.value("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        after = SystemClock().now()
        newest = server.value("SELECT max(at) FROM audit_entries")
    if not before - _DRIFT <= there <= after + _DRIFT:
        raise Misconfigured(
            f"the server's clock says {format_instant(Instant(there))}, this machine's "
            f"{format_instant(after)}: set one of them right."
        )
    if newest is not None and newest > at + MINUTE:
        raise Misconfigured(
            f"the newest audit entry is of {format_instant(newest)}, later than now "
            f"({format_instant(at)}): a clock went back, and what has expired may be good again."
        )
    return f"{format_instant(at)}, as at the server, not behind the audit"
