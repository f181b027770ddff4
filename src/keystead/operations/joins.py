"""The house joins the chains: a node enters what the others have signed last (`keystead.audit.joins`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.audit.chain import ENTRIES
from keystead.audit.entry import decode_entry
from keystead.audit.errors import BrokenEntry
from keystead.audit.joins import JOIN, JOINED, NothingToJoin, facts_of, heads_in
from keystead.core.clock import MINUTE
from keystead.gate.acts.operation import Told, operation
from keystead.policy.permissions import Permission
from keystead.ports.audit import AuditQuery, Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.audit.chain import SignedHead
    from keystead.core.clock import Instant
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation
    from keystead.ports.store import Tx

__all__ = ["join_chains"]

_ALL: Final = AuditQuery()
_JOINS: Final = AuditQuery(object_id=JOINED.id)
_FEW: Final = 50
"""Entries of another chain that are looked at; were they all joins, that many nodes would have joined."""


async def _looked(slow: Preparation) -> None:
    await slow.read(lambda tx: _heads_to_join(tx, slow.at))


@operation(JOIN, needs=Permission.AUDIT_READ, told=Told.ENTERED, prepare=_looked)
async def join_chains(act: Act, _looked: None) -> None:
    """Enter the other chains' heads, at most once a minute for each node, and only if one of them has moved.

    Raises:
        NothingToJoin: there is no other chain, none has moved, or a minute has not passed.
    """
    heads = await _heads_to_join(act.tx, act.at)
    # One that is not ours belongs to a chain that somebody has changed; verify tells of that by itself.
    ours = [head for head in heads if act.keyring.audit.check(*head)]
    if not ours:
        raise NothingToJoin
    act.about(JOINED.type, JOINED.id, JOINED.name, **facts_of(ours))


async def _heads_to_join(tx: Tx, at: Instant) -> Sequence[SignedHead]:
    own = tx.audit.node
    chains = await tx.audit.chains()
    heads = [chain.head for chain in chains if chain.node != own and chain.head and chain.head.n]
    joined: dict[int, int] = {}
    if heads:
        for entry in (await tx.audit.backwards(_JOINS, Moment(0, own, ENTRIES), 1)).entries:
            try:
                _, _, event = decode_entry(entry.bytes)
                joined = {head.node: head.n for head in heads_in(event)}
            except BrokenEntry:
                continue
            if 0 <= at - event.at < MINUTE:
                raise NothingToJoin
    for head in heads:
        if await _has_moved(tx, head, joined.get(head.node, 0)):
            return heads
    raise NothingToJoin


async def _has_moved(tx: Tx, head: SignedHead, joined: int) -> bool:
    if head.n <= joined:
        return head.n < joined
    # A join alone is no news: otherwise two idle nodes would join each other's joins for ever.
    part = await tx.audit.onwards(_ALL, Moment(0, head.node, joined), _FEW)
    return not part.is_last or any(entry.columns.verb != JOIN for entry in part.entries)
