"""Every node's chain, read from one snapshot on one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.audit.chain import SearchColumns
from keystead.store.engine import Chain
from keystead.store.rows.entries import CUTS, HEADS, entry_from, heads_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keystead.audit.chain import Place, SignedHead, StoredEntry
    from keystead.store.postgres.aside import Aside

__all__ = ["ServerChains"]

_AT_ONCE: Final = 5_000
_COLUMNS: Final = ", ".join(SearchColumns._fields)


class ServerChains:
    """`store.engine.Chains` on a connection that has begun to read."""

    def __init__(self, server: Aside) -> None:
        """Read on this connection."""
        self._server = server

    def __iter__(self) -> Iterator[Chain]:
        """See the port."""
        return _chains(self._server)

    def cuts(self) -> dict[int, SignedHead]:
        """See the port."""
        return heads_from(self._server.fetch(CUTS))

    def digests(self, places: Iterable[Place]) -> dict[Place, bytes]:
        """See the port."""
        found: dict[Place, bytes] = {}
        for place in places:
            digest = self._server.value(
                "SELECT digest FROM audit_entries WHERE node = $1 AND n = $2", *place
            )
            if digest is not None:
                found[place] = digest
        return found


def _chains(server: Aside) -> Iterator[Chain]:
    signed = heads_from(server.fetch(HEADS))
    found = server.fetch("SELECT DISTINCT node FROM audit_entries")
    for node in sorted({*signed, *(row[0] for row in found)}):
        yield Chain(node, signed.get(node), _entries(server, node))


def _entries(server: Aside, node: int) -> Iterator[StoredEntry]:
    last: int | None = None
    while True:
        rows = server.fetch(
            f"SELECT node, n, entry, digest, {_COLUMNS} FROM audit_entries"  # noqa: S608  # field names of ours
            " WHERE node = $1 AND ($2::bigint IS NULL OR n > $2) ORDER BY n LIMIT $3",
            node,
            last,
            _AT_ONCE,
        )
        yield from map(entry_from, rows)
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1]["n"]
