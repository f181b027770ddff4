"""The audit chain of a data directory, read from one snapshot beside a running server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from keystead.audit.chain import SearchColumns
from keystead.audit.export import closing, lines, opening
from keystead.audit.verifier import Verifier
from keystead.store.audit import NODE, entry_from, head_from
from keystead.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keystead.audit.chain import SignedHead, StoredEntry
    from keystead.audit.export import Form
    from keystead.audit.verifier import Report
    from keystead.crypto.keyring import AuditKey

__all__ = ["export_chain", "newest_checkpoint", "verify_chain"]

_COLUMNS = ", ".join(SearchColumns._fields)


def verify_chain(data: Path, key: AuditKey, since: SignedHead | None) -> Report:
    """Read the whole chain and say what is wrong with it."""
    verifier = Verifier(key, NODE, since)
    with _snapshot(data) as (head, entries):
        verifier.feed_all(entries)
        return verifier.finish(head)


def export_chain(data: Path, write: Callable[[bytes], None], form: Form) -> int:
    """Write every entry as a line of `jsonl` (then the signed head) or `csv`; return how many."""
    count = 0
    with _snapshot(data) as (head, entries):
        write(opening(form))
        for line in lines(form, entries):
            write(line)
            count += 1
        write(closing(form, head))
    return count


def newest_checkpoint(data: Path) -> SignedHead | None:
    """Return the signed head, to be kept elsewhere; None where the store has lost it."""
    with _snapshot(data) as (head, _):
        return head


@contextmanager
def _snapshot(data: Path) -> Iterator[tuple[SignedHead | None, Iterator[StoredEntry]]]:
    connection = connect(data, writes=False)
    try:
        # An edited text may be no UTF-8; it is a finding then, not an end of reading.
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        connection.execute("BEGIN")
        found = connection.execute(
            "SELECT node, n, digest, key_n, mac FROM audit_heads WHERE node = ?", (NODE,)
        ).fetchall()
        rows = connection.execute(
            f"SELECT node, n, entry, digest, {_COLUMNS} FROM audit_entries"  # noqa: S608  # field names of ours
            " WHERE node = ? ORDER BY n",
            (NODE,),
        )
        yield (head_from(found[0]) if found else None), map(entry_from, rows)
    finally:
        connection.close()
