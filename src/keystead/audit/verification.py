"""Verifies all nodes' chains together: each by itself, and each against what the others have joined of it.

    verification = Verification(key, checkpoints, cuts)
    for chain in chains:
        for batch in chain:
            verification.feed(chain.node, batch)
            verification.answer(digests_at(verification.asked()))
        verification.end(chain.node, chain.head)
    reports = verification.reports()

It keeps a few digests for each chain and forgets the entries, so its memory does not grow with the audit.
Where the chains are not read from one snapshot, a cut may come between: `moved` is told what cuts there were
when a batch or a digest was read, before it is fed or answered.
"""

from __future__ import annotations

from collections import Counter
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.audit.chain import Head, Place
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

    def __init__(
        self,
        audit_key: AuditKey,
        checkpoints: Iterable[SignedHead] = (),
        cuts: Iterable[SignedHead] = (),
    ) -> None:
        """Begin.

        Args:
            audit_key: this installation's.
            checkpoints: exported heads that the chains have to pass through, any number of each.
            cuts: where chains begin, as it was signed.
        """
        self._audit_key: Final = audit_key
        self._checkpoints: Final = tuple(checkpoints)
        self._verifiers: Final[dict[int, Verifier]] = {}
        self._heads: Final[dict[int, SignedHead | None]] = {}
        self._asked: list[_Witness] = []
        # Of each chain the highest joined entry that is gone, and the lowest that is another one.
        self._missing: Final[dict[int, _Witness]] = {}
        self._changed: Final[dict[int, _Witness]] = {}
        self._cuts: Final[dict[int, Head]] = {}
        # Of each chain how many joined heads cannot be compared any more.
        self._cut_off: Final[Counter[int]] = Counter()
        for checkpoint in self._checkpoints:
            self._verifier(checkpoint.node)
        self._know(cuts, is_entered=True)

    def moved(self, cuts: Iterable[SignedHead]) -> None:
        """Know where chains begin now, if some were cut since this began."""
        self._know(cuts, is_entered=False)

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
            cut = self._cuts.get(head.node)
            if cut is not None and head.n <= cut.n:
                if head.n < cut.n:
                    self._cut_off[head.node] += 1
                    continue
                digest = cut.digest
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
        for node, count in self._cut_off.items():
            heads = "a head" if count == 1 else f"{count} heads"
            self._verifier(node).remark(
                f"not verifiable any more: {heads} of entries before that, which other nodes joined"
            )
        return [
            verifier.finish(self._heads.get(node))
            for node, verifier in sorted(self._verifiers.items())
        ]

    def _know(self, cuts: Iterable[SignedHead], *, is_entered: bool) -> None:
        for cut in cuts:
            head = Head(*cut[:3])
            known = self._cuts.get(cut.node)
            if known is not None and known.n >= cut.n:
                continue
            if self._audit_key.check_cut(*cut):
                self._cuts[cut.node] = head
                self._verifier(cut.node).begin_behind(head, is_entered=is_entered)
            elif is_entered:
                self._verifier(cut.node).note(
                    cut.n,
                    f"that the chain was cut behind entry {cut.n} is not signed by this installation's audit"
                    " key",
                )

    def _verifier(self, node: int) -> Verifier:
        verifier = self._verifiers.get(node)
        if verifier is None:
            since = [checkpoint for checkpoint in self._checkpoints if checkpoint.node == node]
            verifier = self._verifiers[node] = Verifier(self._audit_key, node, since)
        return verifier
