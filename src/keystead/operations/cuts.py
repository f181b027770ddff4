"""The house cuts off what the organisation does not keep any longer (`keystead.audit.cuts`)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.audit.chain import Head, SignedHead, genesis
from keystead.audit.cuts import CUT, CUT_OFF, NotCut, NothingToCut, Reading, facts_of
from keystead.core.clock import DAY, later
from keystead.gate.acts.operation import Told, operation
from keystead.policy.organisation import BOUNDS
from keystead.policy.permissions import Permission
from keystead.ports.audit import AuditQuery, Moment

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation
    from keystead.ports.audit import Part
    from keystead.ports.store import Tx

__all__ = ["cut_audit"]

_ALL: Final = AuditQuery()
_FEW: Final = 200
"""Entries of one look: about 3 ms of reading and comparing, in which nobody else has his turn."""
_MOST_LOOKS: Final = 250
"""Of one act; where more is old enough, the next minute's goes on."""


class _Rule(NamedTuple):
    """By what is cut.

    Attributes:
        node: whose chain, which is this node's own.
        days: how long an entry is kept.
        cut: where the chain begins, as it was signed; None where it is whole.
    """

    node: int
    days: int
    cut: SignedHead | None


async def _read(slow: Preparation) -> tuple[_Rule, Head]:
    rule = await slow.read(_rule)
    begins = genesis(rule.node) if rule.cut is None else Head(*rule.cut[:3])
    reading = Reading(begins, later(slow.at, -rule.days * DAY))
    # The first one alone tells on most days that it is too early.
    for size in (1, *[_FEW] * _MOST_LOOKS):
        look = partial(_onwards, Moment(0, rule.node, reading.reached.n), size)
        part = await slow.read(look)
        if not reading.go_on(part.entries) or part.is_last:
            break
    if reading.through.n <= begins.n:
        raise NothingToCut
    return rule, reading.through


@operation(CUT, needs=Permission.SETTINGS_EDIT, told=Told.ENTERED, prepare=_read)
async def cut_audit(act: Act, read: tuple[_Rule, Head]) -> None:
    """Cut off this node's chain what is older than the organisation keeps it, once a day.

    Raises:
        NothingToCut: everything is kept, nothing is old enough, or somebody changed the rule meanwhile.
        NotCut: what is old enough is not as it was written, or the last cut is not signed.
    """
    rule, through = read
    if rule != await _rule(act.tx):
        raise NothingToCut
    key = act.keyring.audit
    if rule.cut is not None and not key.check_cut(*rule.cut):
        raise NotCut(
            "the audit is not cut: where it begins is not signed; run keystead audit verify"
        )
    checkpoint = SignedHead(*through, *key.sign(*through))
    act.about(CUT_OFF.type, CUT_OFF.id, CUT_OFF.name, **facts_of(checkpoint, rule.days))
    await act.tx.audit.cut(through)


async def _onwards(since: Moment, size: int, tx: Tx) -> Part:
    return await tx.audit.onwards(_ALL, since, size)


async def _rule(tx: Tx) -> _Rule:
    days = (await tx.settings.organisation()).audit_retention_days
    if days is None:
        raise NothingToCut
    # Whoever can write the database can write a setting, but no door takes less than this.
    days = max(days, BOUNDS["audit_retention_days"][0])
    node = tx.audit.node
    cuts = [chain.cut for chain in await tx.audit.chains() if chain.node == node]
    return _Rule(node, days, cuts[0])
