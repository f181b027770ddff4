"""Entries as they leave the house: JSON Lines, which can be verified again, and CSV for a spreadsheet.

An export is `opening`, then of each chain `beginning`, `lines` of as many entries at a time as one likes, and
`closing`.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from keystead.audit.chain import encode_checkpoint
from keystead.audit.entry import decode_entry
from keystead.core.clock import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keystead.audit.chain import SignedHead, StoredEntry

__all__ = ["CSV_COLUMNS", "Form", "beginning", "closing", "lines", "opening"]

Form = Literal["jsonl", "csv"]

CSV_COLUMNS: Final = (
    "node", "n", "at", "owner_id", "credential_id", "kind", "verb", "object_type", "object_id", "object_name",
    "decision", "code", "rule", "address", "asserted_by", "request_id", "agent", "facts",
)  # fmt: skip

# A spreadsheet runs a cell that begins like this as a formula; names and agents are other people's texts.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def opening(form: Form) -> bytes:
    """Return what stands before the entries: the names of a table's columns."""
    return _row(CSV_COLUMNS) if form == "csv" else b""


def beginning(form: Form, cut: SignedHead | None) -> bytes:
    """Return what stands before a chain's entries: of JSON Lines which entry was cut off last, if any was."""
    if form == "csv" or cut is None:
        return b""
    line = {"cut": {"node": cut.node, "n": cut.n, "digest": cut.digest.hex()}}
    return msgspec.json.encode(line) + b"\n"


def lines(form: Form, entries: Iterable[StoredEntry]) -> Iterator[bytes]:
    """Return each entry's line.

    Raises:
        BrokenEntry: stored bytes are no entry, so they have no place in a table.
    """
    return map(_csv_line if form == "csv" else _json_line, entries)


def closing(form: Form, head: SignedHead | None) -> bytes:
    """Return what stands behind the entries: of JSON Lines the checkpoint, if there is a head."""
    if form == "csv" or head is None:
        return b""
    return msgspec.json.encode({"checkpoint": encode_checkpoint(head)}) + b"\n"


def _json_line(entry: StoredEntry) -> bytes:
    """Return node, number, digest, and the stored bytes as they are."""
    line = {
        "node": entry.node,
        "n": entry.n,
        "digest": entry.digest.hex(),
        "entry": msgspec.Raw(entry.bytes),
    }
    return msgspec.json.encode(line) + b"\n"


def _csv_line(entry: StoredEntry) -> bytes:
    """Return a row as in RFC 4180."""
    node, n, event = decode_entry(entry.bytes)
    about = event.object
    facts = msgspec.json.encode(event.facts or {}, order="deterministic").decode()
    cells = (
        str(node), str(n), format_instant(event.at), event.actor.owner_id, event.actor.credential_id,
        event.actor.kind, event.verb, about.type if about else "", about.id if about else "",
        about.name if about else "", event.decision, event.code, event.rule, event.address,
        event.asserted_by, event.request_id, event.agent, facts,
    )  # fmt: skip
    return _row(tuple(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells))


def _row(cells: tuple[str, ...]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
