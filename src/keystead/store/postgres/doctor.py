"""What can be wrong with a database on a server, each with a sentence that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.audit.chain import Head, follow
from keystead.core.clock import MINUTE, Instant, SystemClock, format_instant
from keystead.core.errors import Misconfigured
from keystead.store.engine import Check
from keystead.store.postgres.aside import Aside
from keystead.store.postgres.migrate import schema_of
from keystead.store.schema.revisions import HEAD, KNOWN_REVISIONS
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
    if found not in KNOWN_REVISIONS:
        raise Misconfigured(f"form {found} is a newer version's; this one knows up to {HEAD}.")
    if found != HEAD:
        return f"form {found}; the next start brings it to {HEAD}"
    return f"form {found}, up to date"


def _folders(url: str) -> str:
    with Aside(url) as server:
        return require_tree(server.fetch(KEPT_FOLDERS))


def _head(url: str, node: int, keyring: Keyring) -> str:
    with Aside(url) as server:
        server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        heads = server.fetch(
            "SELECT node, n, digest, key_n, mac FROM audit_heads WHERE node = $1", node
        )
        last = server.fetch(
            "SELECT node, n, digest, entry FROM audit_entries WHERE node = $1"
            " ORDER BY n DESC LIMIT 2",
            node,
        )
    if not heads:
        return f"node {node} has no chain yet; its first start begins one"
    if not keyring.audit.check(*tuple(heads[0])):
        raise Misconfigured("it is not signed by this installation; run keystead audit verify.")
    head = Head(*tuple(heads[0])[:3])
    if last and Head(*tuple(last[0])[:3]) != head:
        raise Misconfigured("it is not the last entry; run keystead audit verify.")
    if len(last) == 2 and follow(Head(*tuple(last[1])[:3]), last[0]["entry"]) != head:  # noqa: PLR2004
        raise Misconfigured("the last entry was changed; run keystead audit verify.")
    return f"node {node}: {head.n} entries, the head is signed"


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
