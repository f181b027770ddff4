"""Verifies all nodes' chains together: each by itself, and each against what the others have joined of it.

    for chain in chains:
        for batch in chain:
            verification.feed(chain.node, batch)
            verification.answer(digests_at(verification.asked()))
        verification.end(chain.node, chain.head)
    reports = verification.reports()

It keeps a few digests for each chain and forgets the entries, so its memory does not grow with the audit.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.audit.chain import Place
from keystead.audit.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.audit.chain import SignedHead, StoredEntry
    from keystead.audit.findings import Report
    from keystead.crypto.audit_key import AuditKey

__all__ = ["Verification"]


class _Witness(NamedTuple):
    """Who joined a head: node `node`, by its own entry `n`."""

    head: SignedHead
    node: int
    n: int


class Verification:
    """Feed it every chain, each in order and to its end; all from one snapshot or from later ones."""

    def __init__(self, audit_key: AuditKey, checkpoints: Iterable[SignedHead] = ()) -> None:
        """Begin.

        Args:
            audit_key: this installation's.
            checkpoints: exported heads that the chains have to pass through, any number of each.
        """
        self._audit_key: Final = audit_key
        self._checkpoints: Final = tuple(checkpoints)
        self._verifiers: Final[dict[int, Verifier]] = {}
        self._heads: Final[dict[int, SignedHead | None]] = {}
        self._asked: list[_Witness] = []
        # Of each chain the highest joined entry that is gone, and the lowest that is another one.
        self._missing: Final[dict[int, _Witness]] = {}
        self._changed: Final[dict[int, _Witness]] = {}
        for checkpoint in self._checkpoints:
            self._verifier(checkpoint.node)

    def feed(self, node: int, entries: Iterable[StoredEntry]) -> None:
        """Check a chain's next entries."""
        verifier = self._verifier(node)
        verifier.feed_all(entries)
        for n, head in verifier.take_joined():
            if self._audit_key.check(*head):
                self._asked.append(_Witness(head, node, n))
            else:
                verifier.note(
                    n,
                    f"entry {n} joins a head of node {head.node} that was not signed by this installation's"
                    " audit key",
                )

    def asked(self) -> frozenset[Place]:
        """Return the places whose digests are needed: node and number."""
        return frozenset(Place(witness.head.node, witness.head.n) for witness in self._asked)

    def answer(self, digests: Mapping[Place, bytes]) -> None:
        """Judge what was joined by the digests of `asked` that the store has."""
        for witness in self._asked:
            head = witness.head
            digest = digests.get(Place(head.node, head.n))
            if digest is None:
                known = self._missing.setdefault(head.node, witness)
                if head.n > known.head.n:
                    self._missing[head.node] = witness
            elif not compare_digest(digest, head.digest):
                known = self._changed.setdefault(head.node, witness)
                if head.n < known.head.n:
                    self._changed[head.node] = witness
        self._asked = []

    def end(self, node: int, head: SignedHead | None) -> None:
        """End a chain with its signed head; None where the store has lost it."""
        self._verifier(node)
        self._heads[node] = head

    def reports(self) -> list[Report]:
        """Report on each chain, by node; also on one that is gone and that something still tells of."""
        for n, (head, node, by) in sorted((w.head.n, w) for w in self._missing.values()):
            self._verifier(head.node).note(
                n,
                f"entry {n} is missing, which node {node} joined by its entry {by}: the tail was cut, an"
                " older state put back, or the chain removed",
            )
        for n, (head, node, by) in sorted((w.head.n, w) for w in self._changed.values()):
            self._verifier(head.node).note(
                n,
                f"entry {n} is not the one that node {node} joined by its entry {by}: this chain was changed,"
                " or cut and grown anew",
            )
        return [
            verifier.finish(self._heads.get(node))
            for node, verifier in sorted(self._verifiers.items())
        ]

    def _verifier(self, node: int) -> Verifier:
        verifier = self._verifiers.get(node)
        if verifier is None:
            since = [checkpoint for checkpoint in self._checkpoints if checkpoint.node == node]
            verifier = self._verifiers[node] = Verifier(self._audit_key, node, since)
        return verifier
