"""Reads a node's whole chain once, in order, and says exactly what is wrong with it.

It keeps one digest and at most a hundred findings, so an audit of any length is verified in constant
memory. After a finding it goes on from the stored digest, so that one edit is one finding and not a
finding at every entry behind it.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from keystead.audit.chain import (
    Head,
    SearchColumns,
    SignedHead,
    StoredEntry,
    follow,
    genesis,
)
from keystead.audit.cuts import cut_in
from keystead.audit.entry import decode_entry
from keystead.audit.errors import BrokenEntry
from keystead.audit.findings import MOST_FINDINGS, Finding, Report
from keystead.audit.joins import heads_in
from keystead.crypto.audit_key import AuditKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.audit.event import Event
    from keystead.core.clock import Instant

__all__ = ["Verifier"]


class Verifier:
    """Feed it every entry in the order of `n`, then the head; both from one snapshot of the store.

    How it locates: an entry that does not fit its stored digest waits for the next one, which
    follows from the stored digest if the entry was edited, and from the computed one if only the
    digest was. Behind a gap there is nothing to follow from, so the first entry there is believed.
    """

    __slots__ = (
        "_audit_key",
        "_begins",
        "_computed",
        "_cut_at",
        "_entries",
        "_findings",
        "_head",
        "_joined",
        "_linked",
        "_notes",
        "_since",
        "_unlisted",
        "_wants_entry",
    )

    def __init__(self, audit_key: AuditKey, node: int, since: Iterable[SignedHead] = ()) -> None:
        """Begin before the first entry.

        Args:
            audit_key: this installation's.
            node: whose chain it is.
            since: exported checkpoints that the chain has to pass through.
        """
        self._audit_key: Final = audit_key
        self._head = genesis(node)
        # False where the last entry's true digest is lost: behind a gap or a moved entry.
        self._linked = True
        # What the last entry's digest should be, where that is not what is stored.
        self._computed: bytes | None = None
        self._entries = 0
        self._findings: list[Finding] = []
        self._unlisted = 0
        self._joined: list[tuple[int, SignedHead]] = []
        # What the first entry follows, if others were cut off before it.
        self._begins: Head | None = None
        self._cut_at: Instant | None = None
        self._wants_entry = False
        self._notes: list[str] = []
        self._since: Final = [checkpoint for checkpoint in since if self._is_ours(checkpoint)]
        self._since.sort(reverse=True)

    def begin_behind(self, cut: Head, *, is_entered: bool = True) -> None:
        """Begin behind a cut whose signature was checked, unless more than that has been read already.

        Args:
            cut: the last entry that is gone, or goes.
            is_entered: whether the entry that says so has to be among those that are fed.
        """
        if cut.n <= self._head.n:
            return
        self._settle(None)
        self._begins, self._wants_entry, self._linked = cut, is_entered, True
        self._head = cut
        older = []
        while self._since and self._since[-1].n <= cut.n:
            since = self._since.pop()
            if since.n < cut.n:
                older.append(str(since.n))
            else:
                self._hold_against(since)
        if older:
            self._notes.append(
                f"not verifiable any more: exported checkpoints of entries before that ({', '.join(older)})"
            )

    def feed_all(self, entries: Iterable[StoredEntry]) -> None:
        """Check the next entries, as they come."""
        for entry in entries:
            self.feed(entry)

    def feed(self, entry: StoredEntry) -> None:
        """Check the next entry."""
        last = self._head.n
        if entry.node != self._head.node:
            self._entries += 1
            self.note(entry.n, f"entry {entry.n} is of {_foreign(entry.node)}")
            return
        if self._begins is not None and entry.n <= self._begins.n:
            return  # cut off, and not deleted yet
        self._entries += 1
        if entry.n <= last:
            self.note(entry.n, f"order changed: entry {entry.n} comes after entry {last}")
            return
        if entry.n > last + 1:
            self._settle(None)
            self.note(last + 1, f"{_entries(last + 1, entry.n - 1)} missing")
            self._linked = False
        moved = self._compare(entry)
        self._link(entry, moved=moved)
        self._head = Head(entry.node, entry.n, entry.digest)
        while self._since and self._since[-1].n <= entry.n:
            since = self._since.pop()
            if since.n == entry.n:
                self._hold_against(since)

    def take_joined(self) -> list[tuple[int, SignedHead]]:
        """Return the heads that the entries read since the last call join, with those entries' numbers."""
        taken, self._joined = self._joined, []
        return taken

    def note(self, n: int, what: str) -> None:
        """Add a finding at an entry, made here or by comparing with what else is known of this chain."""
        if len(self._findings) < MOST_FINDINGS:
            self._findings.append(Finding(n, what))
        else:
            self._unlisted += 1

    def remark(self, what: str) -> None:
        """Add something that is to be known and is nothing wrong."""
        self._notes.append(what)

    def finish(self, head: SignedHead | None) -> Report:
        """Check the head against what was read, and report.

        Args:
            head: the signed head; None where the store has lost it.
        """
        last = self._head
        if head is None and not self._entries:
            self.note(0, "the chain is gone: there is neither an entry nor a signed head")
        elif head is None:
            self.note(last.n, "the signed head is missing")
        else:
            self._examine_head(head, last)
        self._settle(head.digest if head is not None and head.n == last.n else None)
        unreached = [since for since in self._since if since.n > last.n]
        if unreached:
            self.note(
                unreached[0].n,
                f"the exported checkpoint is not reached: the audit ends at entry {last.n}; its"
                " tail was cut or an older backup restored",
            )
        begins = self._begins
        if begins is not None and self._wants_entry and self._cut_at is None:
            self.note(begins.n, f"no entry says that the chain was cut behind entry {begins.n}")
        found = tuple(sorted(self._findings, key=lambda finding: finding.n))
        return Report(
            self._entries,
            last,
            found,
            self._unlisted,
            1 if begins is None else begins.n + 1,
            self._cut_at,
            tuple(self._notes),
        )

    def _compare(self, entry: StoredEntry) -> bool:
        """Compare the row with what its bytes say; True when they were written for another."""
        try:
            node, n, event = decode_entry(entry.bytes)
        except BrokenEntry as broken:
            self.note(entry.n, f"entry {entry.n} cannot be read: {broken}")
            return False
        own = SearchColumns.of(event)
        for name, said, kept in zip(own._fields, own, entry.columns, strict=True):
            if said != kept:
                self.note(entry.n, f"the search column {name} differs from the entry's bytes")
        if node != entry.node:
            self.note(
                entry.n,
                f"what is stored as entry {entry.n} was written as entry {n} of {_foreign(node)}",
            )
        elif n != entry.n:
            self.note(
                entry.n,
                f"order changed: what is stored as entry {entry.n} was written as entry {n}",
            )
        moved = (node, n) != (entry.node, entry.n)
        if not moved:
            self._note_joined(n, event)
            self._note_cut(n, event)
        return moved

    def _note_joined(self, n: int, event: Event) -> None:
        try:
            self._joined += [(n, head) for head in heads_in(event)]
        except BrokenEntry as broken:
            self.note(n, f"entry {n} joins no head: {broken}")

    def _note_cut(self, n: int, event: Event) -> None:
        try:
            cut = cut_in(event)
        except BrokenEntry as broken:
            self.note(n, f"entry {n} cuts nothing: {broken}")
            return
        if cut is not None and cut == self._begins:
            self._cut_at = event.at

    def _hold_against(self, since: SignedHead) -> None:
        """Compare an exported checkpoint with the last entry."""
        if not self._is_last(since.digest):
            self.note(
                since.n,
                f"the exported checkpoint is contradicted: entry {since.n} or one before it was"
                " changed after the export, and the digests recomputed",
            )

    def _is_ours(self, checkpoint: SignedHead) -> bool:
        if not self._audit_key.check(*checkpoint):
            self.note(
                checkpoint.n, "the checkpoint was not signed by this installation's audit key"
            )
        elif checkpoint.node != self._head.node:
            self.note(checkpoint.n, f"the checkpoint is of {_foreign(checkpoint.node)}")
        else:
            return True
        return False

    def _link(self, entry: StoredEntry, *, moved: bool) -> None:
        """Check that the entry follows from the one before it."""
        if not self._linked:
            self._linked = not moved
            return
        should = follow(self._head, entry.bytes).digest
        fits = compare_digest(should, entry.digest)
        if self._computed is not None:
            other = follow(self._head._replace(digest=self._computed), entry.bytes).digest
            fits_other = compare_digest(other, entry.digest)
            self._settle(self._computed if fits_other else None)
            fits = fits or fits_other
        if fits:
            return
        if moved:
            self._linked = False
        else:
            self._computed = should

    def _settle(self, followed: bytes | None) -> None:
        """Say what was wrong with the last entry, if it did not fit.

        Args:
            followed: the digest that the next entry or the head follows from; None if not known.
        """
        computed, self._computed = self._computed, None
        if computed is None:
            return
        n = self._head.n
        if followed is not None and compare_digest(computed, followed):
            self.note(n, f"the digest beside entry {n} was changed; the entry itself is whole")
        elif n == 1:
            self.note(n, "entry 1 was edited")
        else:
            self.note(
                n, f"entry {n} was edited, or entry {n - 1} was edited together with its digest"
            )

    def _examine_head(self, head: SignedHead, last: Head) -> None:
        if head.node != last.node:
            self.note(head.n, f"the head is of {_foreign(head.node)}")
            return
        if not self._audit_key.check(*head):
            self.note(
                head.n,
                "the head is not signed by this installation's audit key: the chain was recomputed"
                " or belongs to another installation",
            )
        if head.n > last.n:
            self.note(last.n + 1, f"{_entries(last.n + 1, head.n)} missing: the tail was cut")
        elif head.n < last.n:
            self.note(head.n + 1, f"{_entries(head.n + 1, last.n)} beyond the head")
        elif not self._is_last(head.digest):
            self.note(
                head.n,
                f"the head was signed over another entry {head.n}: it was edited together with its"
                " digest, or the chain was recomputed",
            )

    def _is_last(self, digest: bytes) -> bool:
        """Whether this is the last entry's digest, as stored or as it should be."""
        if self._computed is not None and compare_digest(digest, self._computed):
            return True
        return compare_digest(digest, self._head.digest)


def _foreign(node: int) -> str:
    return f"the chain of node {node}, not of this one"


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
