"""The audit chain of a data directory, read from one snapshot beside a running server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from keystead.audit.chain import Checkpoint, SearchColumns
from keystead.audit.export import checkpoint_line, csv_header, csv_line, json_line
from keystead.audit.verifier import Verifier
from keystead.store.audit import NODE, entry_from, head_from
from keystead.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keystead.audit.chain import StoredEntry, StoredHead
    from keystead.audit.verifier import Report
    from keystead.crypto.keyring import AuditKey

__all__ = ["export_chain", "newest_checkpoint", "verify_chain"]

_COLUMNS = ", ".join(SearchColumns._fields)


def verify_chain(data: Path, key: AuditKey, since: Checkpoint | None) -> Report:
    """Read the whole chain and say what is wrong with it."""
    verifier = Verifier(key, since)
    with _snapshot(data) as (head, entries):
        for entry in entries:
            verifier.feed(entry)
        return verifier.finish(head)


def export_chain(data: Path, write: Callable[[bytes], None], form: str) -> int:
    """Write every entry as a line of `jsonl` (then the signed head) or `csv`; return how many."""
    count = 0
    with _snapshot(data) as (head, entries):
        if form == "csv":
            write(csv_header())
        for entry in entries:
            write(csv_line(entry) if form == "csv" else json_line(entry))
            count += 1
        if form == "jsonl" and head is not None:
            write(checkpoint_line(Checkpoint(*head)))
    return count


def newest_checkpoint(data: Path) -> Checkpoint | None:
    """Return the signed head, to be kept elsewhere; None where the store has lost it."""
    with _snapshot(data) as (head, _):
        return None if head is None else Checkpoint(*head)


@contextmanager
def _snapshot(data: Path) -> Iterator[tuple[StoredHead | None, Iterator[StoredEntry]]]:
    connection = connect(data, writes=False)
    try:
        # An edited text may be no UTF-8; it is a finding then, not an end of reading.
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        connection.execute("BEGIN")
        found = connection.execute(
            "SELECT n, digest, key_n, mac FROM audit_heads WHERE node = ?", (NODE,)
        ).fetchall()
        rows = connection.execute(
            f"SELECT n, entry, digest, {_COLUMNS} FROM audit_entries"  # noqa: S608  # field names of ours
            " WHERE node = ? ORDER BY n",
            (NODE,),
        )
        yield (head_from(found[0]) if found else None), map(entry_from, rows)
    finally:
        connection.close()
