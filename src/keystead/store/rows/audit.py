"""The audit chain in SQL."""

from __future__ import annotations

import logging
from bisect import insort
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, bindparam, delete, insert, select, update

from keystead.audit.chain import ENTRIES, Head, SearchColumns, SignedHead, follow, genesis
from keystead.audit.entry import encode_entry
from keystead.core.errors import Unavailable
from keystead.ports.audit import ChainState, Moment, Part
from keystead.store.rows.entries import (
    Order,
    all_chains,
    along_chain,
    along_time,
    digests_at,
    head_from,
    last_of_chain,
    look,
)
from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Select

    from keystead.audit.chain import Place
    from keystead.audit.event import Event
    from keystead.crypto.keyring import AuditKey
    from keystead.ports.audit import AuditQuery
    from keystead.store.rows.statement import Runner

__all__ = ["NODE", "AuditRows", "ChainTail"]

_LOG: Final = logging.getLogger("keystead.audit")

_E: Final = tables.audit_entries.c
_H: Final = tables.audit_heads.c
_C: Final = tables.audit_cuts.c

NODE: Final = 0
"""The embedded database's one node, whose processes share a chain."""

_FIELDS: Final = (*SearchColumns._fields, "node", "n", "entry", "digest")
_APPEND: Final = kept(insert(tables.audit_entries).values({c.name: bindparam(c.name) for c in _E}))
_HEAD: Final = kept(select(*_H).where(_H.node == bindparam("wanted")))
_HOLD_HEAD: Final = kept(_HEAD.with_for_update())
_MOVE_HEAD: Final = kept(
    update(tables.audit_heads)
    .where(_H.node == bindparam("wanted"))
    .values({name: bindparam(name) for name in ("n", "digest", "key_n", "mac")})
)
_CUT: Final = kept(select(*_C).where(_C.node == bindparam("wanted")))
_DROP_CUT: Final = kept(delete(tables.audit_cuts).where(_C.node == bindparam("wanted")))
_ADD_CUT: Final = kept(insert(tables.audit_cuts).values({c.name: bindparam(c.name) for c in _C}))
_GONE: Final = (
    select(_E.n)
    .where(_E.node == bindparam("wanted"), _E.n <= bindparam("through"))
    .order_by(_E.n)
    .limit(bindparam("size", type_=Integer))
)
_FORGET: Final = kept(
    delete(tables.audit_entries).where(_E.node == bindparam("wanted"), _E.n.in_(_GONE))
)


class ChainTail:
    """The end of a node's chain while a transaction grows it.

    Entries are numbered, chained and written at the transaction's end, however many acts share it: the
    head is held for no longer. `rewind` takes back the entries of an act that failed.
    """

    def __init__(self, run: Runner, node: int, key: AuditKey) -> None:
        """Belong to one connection."""
        self._run = run
        self._node = node
        self._key = key
        self._known = genesis(node)
        self._fresh: list[Event] = []

    def begin(self) -> None:
        """Begin a transaction."""
        self._fresh.clear()

    def append(self, event: Event) -> None:
        """Add one entry."""
        self._fresh.append(event)

    @property
    def key(self) -> AuditKey:
        """What signs this node's chain."""
        return self._key

    @property
    def mark(self) -> int:
        """Where the chain stands, for `rewind`."""
        return len(self._fresh)

    def rewind(self, mark: int) -> None:
        """Go back to where the chain stood before a failed act."""
        del self._fresh[mark:]

    async def close(self) -> None:
        """Write the new entries, and sign and write the head, if there are any.

        Raises:
            Unavailable: `audit_broken`; no act is done until the chain has been looked at.
        """
        if not self._fresh:
            return
        head = await self._hold_head()
        rows: list[Mapping[str, object]] = []
        for event in self._fresh:
            entry = encode_entry(self._node, head.n + 1, event)
            head = follow(head, entry)
            row = (*SearchColumns.of(event), self._node, head.n, entry, head.digest)
            rows.append(dict(zip(_FIELDS, row, strict=True)))
        await self._run.each(_APPEND, rows)
        key_n, mac = self._key.sign(*head)
        values = {"n": head.n, "digest": head.digest, "key_n": key_n, "mac": mac}
        await self._run.changed(_MOVE_HEAD, {**values, "wanted": self._node})

    async def _hold_head(self) -> Head:
        """Read the head; another process may have moved it, but only onwards, and only signed.

        Going on from a head that is not ours would sign whatever was forged before it.
        """
        stored = await _stored_head(self._run, self._node, _HOLD_HEAD)
        head = Head(stored.node, stored.n, stored.digest)
        known = self._known
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
        self._known = head
        return head


class AuditRows:
    """`ports.audit.AuditRecords` over SQL."""

    def __init__(self, run: Runner, node: int, tail: ChainTail | None) -> None:
        """Work within one transaction of a node's; without a tail, one that only reads."""
        self._run = run
        self._node = node
        self._tail = tail

    @property
    def node(self) -> int:
        """See the port."""
        return self._node

    async def append(self, event: Event) -> None:
        """See the port."""
        self._growing.append(event)

    async def cut(self, head: Head) -> None:
        """See the port."""
        key_n, mac = self._growing.key.sign_cut(*head)
        await self._run.changed(_DROP_CUT, {"wanted": self._node})
        await self._run.changed(_ADD_CUT, {**head._asdict(), "key_n": key_n, "mac": mac})

    async def forget(self, size: int) -> int:
        """See the port; by a cut that somebody else has written nothing is deleted."""
        row = await self._run.row(_CUT, {"wanted": self._node})
        if row is None:
            return 0
        cut = head_from(row)
        if not self._growing.key.check_cut(*cut):
            _LOG.critical("where the audit was cut is not what this installation signed")
            return 0
        values = {"wanted": self._node, "through": cut.n, "size": size}
        return await self._run.changed(_FORGET, values)

    @property
    def _growing(self) -> ChainTail:
        if self._tail is None:
            msg = "a reading transaction enters nothing"
            raise RuntimeError(msg)
        return self._tail

    async def chains(self) -> Sequence[ChainState]:
        """See the port."""
        found = await all_chains(self._run)
        if all(chain.node != self._node for chain in found):
            insort(found, ChainState(self._node, 0, None))
        return found

    async def onwards(self, query: AuditQuery, since: Moment, size: int) -> Part:
        """See the port."""
        span = along_chain(query, since.node, since.n, ENTRIES)
        found, stopped = await look(self._run, span, size, back=False)
        if stopped is not None:
            return Part(found, stopped, is_last=False)
        if span.order is Order.CHAIN and not span.rest:
            end = found[-1].n if found else since.n
        else:
            end = await last_of_chain(self._run, since.node)
        return Part(found, Moment(0, since.node, max(since.n, end)), is_last=True)

    async def backwards(self, query: AuditQuery, before: Moment, size: int) -> Part:
        """See the port."""
        span = along_chain(query, before.node, 0, before.n)
        found, stopped = await look(self._run, span, size, back=True)
        return Part(found, stopped or Moment(0, before.node, 0), stopped is None)

    async def latest(self, query: AuditQuery, before: Moment, size: int) -> Part:
        """See the port."""
        found, stopped = await look(self._run, along_time(query, before), size, back=True)
        return Part(found, stopped or Moment(0, 0, 0), stopped is None)

    async def digests(self, places: Collection[Place]) -> Mapping[Place, bytes]:
        """See the port."""
        return await digests_at(self._run, places)


async def _stored_head(run: Runner, node: int, statement: Select[Any]) -> SignedHead:
    row = await run.row(statement, {"wanted": node})
    if row is None:
        return SignedHead(*genesis(node), 0, b"")
    return head_from(row)
