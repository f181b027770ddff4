"""The audit chain in SQL."""

from __future__ import annotations

import logging
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from keystead.audit.chain import (
    Head,
    SearchColumns,
    SignedHead,
    StoredEntry,
    follow,
    genesis,
)
from keystead.audit.entry import encode_entry
from keystead.core.errors import Unavailable
from keystead.store import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select

    from keystead.audit.event import Event
    from keystead.crypto.keyring import AuditKey
    from keystead.ports.audit import AuditQuery
    from keystead.store.statement import Row, Runner

__all__ = [
    "NODE",
    "AuditRows",
    "ChainTail",
    "entries_after",
    "entries_from_the_end",
    "entry_from",
    "head_from",
]

_LOG: Final = logging.getLogger("keystead.audit")

_E: Final = tables.audit_entries.c
_H: Final = tables.audit_heads.c
_KEPT: Final = {"kept": True}

NODE: Final = 0
"""SQLite has one chain for all processes of the one node."""

_APPEND: Final = (
    insert(tables.audit_entries)
    .values({c.name: bindparam(c.name) for c in _E})
    .execution_options(**_KEPT)
)
_HEAD: Final = select(*_H).where(_H.node == bindparam("wanted")).execution_options(**_KEPT)
_MOVE_HEAD: Final = (
    update(tables.audit_heads)
    .where(_H.node == bindparam("wanted"))
    .values({name: bindparam(name) for name in ("n", "digest", "key_n", "mac")})
    .execution_options(**_KEPT)
)


class ChainTail:
    """The end of the chain while a transaction grows it.

    The head row is read once at the transaction's beginning and written once at its end, however many acts
    share it; `rewind` takes back the entries of an act that failed.
    """

    def __init__(self, run: Runner, key: AuditKey) -> None:
        """Belong to one connection."""
        self._run = run
        self._key = key
        self._seen = self._read = self.head = genesis(NODE)

    async def load(self) -> None:
        """Read the head; another process may have moved it, but only onwards, and only signed.

        Going on from a head that is not ours would sign whatever was forged before it.

        Raises:
            Unavailable: `audit_broken`; no act is done until the chain has been looked at.
        """
        stored = await _stored_head(self._run)
        head = Head(stored.node, stored.n, stored.digest)
        known = self._seen
        if (
            not self._key.check(*stored)
            or head.n < known.n
            or (head.n == known.n and not compare_digest(head.digest, known.digest))
        ):
            _LOG.critical("the audit's head is not one that this installation signed last")
            raise Unavailable(
                "audit_broken",
                "the audit's head is not the one that was signed last; run keystead audit verify",
            )
        self._seen = self._read = self.head = head

    async def append(self, event: Event) -> int:
        """Add one entry."""
        n = self.head.n + 1
        entry = encode_entry(NODE, n, event)
        self.head = follow(self.head, entry)
        columns = SearchColumns.of(event)
        await self._run.changed(
            _APPEND,
            {"node": NODE, "n": n, "entry": entry, "digest": self.head.digest, **columns._asdict()},
        )
        return n

    def rewind(self, head: Head) -> None:
        """Go back to where the chain stood before a failed act."""
        self.head = head

    async def close(self) -> None:
        """Sign and write the head, if it moved."""
        if self.head == self._read:
            return
        key_n, mac = self._key.sign(*self.head)
        values = {"n": self.head.n, "digest": self.head.digest, "key_n": key_n, "mac": mac}
        await self._run.changed(_MOVE_HEAD, {**values, "wanted": NODE})


class AuditRows:
    """`ports.audit.AuditRecords` over SQL."""

    def __init__(self, run: Runner, tail: ChainTail | None) -> None:
        """Work within one transaction; without a tail, one that only reads."""
        self._run = run
        self._tail = tail

    async def append(self, event: Event) -> int:
        """See the port."""
        if self._tail is None:
            msg = "a reading transaction enters nothing"
            raise RuntimeError(msg)
        return await self._tail.append(event)

    async def head(self) -> SignedHead:
        """See the port."""
        return await _stored_head(self._run)

    async def read(
        self, query: AuditQuery, node: int, since: int, size: int
    ) -> Sequence[StoredEntry]:
        """See the port."""
        statement = entries_after(query, node, since, size)
        return [entry_from(row) for row in await self._run.rows(statement, {})]

    async def newest(self, query: AuditQuery, size: int) -> Sequence[StoredEntry]:
        """See the port."""
        statement = entries_from_the_end(query, NODE, size)
        return [entry_from(row) for row in reversed(await self._run.rows(statement, {}))]


def entries_after(query: AuditQuery, node: int, since: int, size: int) -> Select[Any]:
    """Return what asks for a chain's next entries, in order."""
    return select(*_E).where(*_conditions(query, node), _E.n > since).order_by(_E.n).limit(size)


def entries_from_the_end(query: AuditQuery, node: int, size: int) -> Select[Any]:
    """Return what asks for a chain's newest entries, the newest first."""
    return select(*_E).where(*_conditions(query, node)).order_by(_E.n.desc()).limit(size)


def _conditions(query: AuditQuery, node: int) -> list[ColumnElement[Any]]:
    # SQLite would walk the whole chain by its primary key; the sum keeps it from that, so that it takes
    # the index of the object or the credential, which has the same order.
    narrow = query.object_id is not None or query.credential_id is not None
    found: list[ColumnElement[Any]] = [(_E.node + 0 if narrow else _E.node) == node]
    for column, wanted in (
        (_E.verb, query.verb),
        (_E.owner_id, query.owner_id),
        (_E.credential_id, query.credential_id),
        (_E.object_id, query.object_id),
        (_E.decision, query.decision),
    ):
        if wanted is not None:
            found.append(column == wanted)
    if query.after is not None:
        found.append(_E.at >= query.after)
    if query.before is not None:
        found.append(_E.at < query.before)
    return found


async def _stored_head(run: Runner) -> SignedHead:
    row = await run.row(_HEAD, {"wanted": NODE})
    if row is None:
        return SignedHead(*genesis(NODE), 0, b"")
    return head_from(row)


def head_from(row: Row) -> SignedHead:
    """Read a head; whoever changed the file may have put anything there, and it must not stop `verify`."""
    return SignedHead(
        _number(row["node"]),
        _number(row["n"]),
        _bytes(row["digest"]),
        _number(row["key_n"]),
        _bytes(row["mac"]),
    )


def entry_from(row: Row) -> StoredEntry:
    """Read an entry; as `head_from`."""
    columns = SearchColumns(*(row[name] for name in SearchColumns._fields))
    return StoredEntry(
        _number(row["node"]),
        _number(row["n"]),
        _bytes(row["entry"]),
        _bytes(row["digest"]),
        columns,
    )


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
