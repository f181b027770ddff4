"""What joins the chains: now and then a node enters the signed heads of the others into its own chain.

Each chain by itself does not show that its end was cut off, or that all of it is gone, if an older signed
head was put back. What another chain has joined shows it. A head goes in as the checkpoint that it is,
signature and all: whoever has an export and the audit key can tell an edited entry from a cut chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.audit.chain import SignedHead, decode_checkpoint, encode_checkpoint
from keystead.audit.errors import BrokenEntry
from keystead.audit.event import ObjectRef
from keystead.core.errors import Invalid, KeysteadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.audit.event import Event

__all__ = ["JOIN", "JOINED", "NothingToJoin", "chain_fact", "facts_of", "heads_in"]

JOIN: Final = "audit.join"
"""The verb of such an entry."""

JOINED: Final = ObjectRef("audit", "joins", "heads of other nodes")
"""Its object, by whose index a node finds what it joined last."""


class NothingToJoin(KeysteadError):  # a state, not a fault
    """No other chain has moved since the last join, or that was less than a minute ago."""


def facts_of(heads: Iterable[SignedHead]) -> dict[str, str | int | bool]:
    """Return the facts of an entry that joins these heads."""
    return {chain_fact(head.node): encode_checkpoint(head) for head in heads}


def chain_fact(node: int) -> str:
    """Return the name of a fact about a node's chain."""
    return f"chain {node}"


def heads_in(event: Event) -> tuple[SignedHead, ...]:
    """Return the heads that an entry joins; none where it joins nothing. Their signatures are not checked.

    Raises:
        BrokenEntry: it says that it joins heads, and one of its facts is none.
    """
    if event.verb != JOIN or event.decision != "allowed":
        return ()
    found = []
    for name, said in (event.facts or {}).items():
        try:
            head = decode_checkpoint(str(said))
        except Invalid:
            raise BrokenEntry(f"its fact {name!r} is no audit checkpoint") from None
        if name != chain_fact(head.node):
            raise BrokenEntry(f"its fact {name!r} is a checkpoint of node {head.node}")
        found.append(head)
    return tuple(found)
