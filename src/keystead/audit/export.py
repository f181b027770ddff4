"""Entries as they leave the house: JSON Lines, which can be verified again, and CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Final

import msgspec

from keystead.audit.chain import Checkpoint, StoredEntry, encode_checkpoint
from keystead.audit.entry import decode_entry
from keystead.core.clock import format_instant

__all__ = ["CSV_COLUMNS", "checkpoint_line", "csv_header", "csv_line", "json_line"]

CSV_COLUMNS: Final = (
    "n", "at", "owner_id", "credential_id", "kind", "verb", "object_type", "object_id", "object_name",
    "decision", "code", "rule", "address", "asserted_by", "request_id", "agent", "facts",
)  # fmt: skip

# A spreadsheet runs a cell that begins like this as a formula; names and agents are other people's texts.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def json_line(entry: StoredEntry) -> bytes:
    """Return one line: number, digest, and the stored bytes as they are."""
    line = {"n": entry.n, "digest": entry.digest.hex(), "entry": msgspec.Raw(entry.bytes)}
    return msgspec.json.encode(line) + b"\n"


def checkpoint_line(checkpoint: Checkpoint) -> bytes:
    """Return the last line: the signed head, to be held against the chain later."""
    return msgspec.json.encode({"checkpoint": encode_checkpoint(checkpoint)}) + b"\n"


def csv_header() -> bytes:
    """Return the first line."""
    return _row(CSV_COLUMNS)


def csv_line(entry: StoredEntry) -> bytes:
    """Return one entry's line (RFC 4180).

    Raises:
        BrokenEntry: the stored bytes are no entry.
    """
    n, event = decode_entry(entry.bytes)
    about = event.object
    facts = msgspec.json.encode(event.facts or {}, order="deterministic").decode()
    cells = (
        str(n), format_instant(event.at), event.actor.owner_id, event.actor.credential_id,
        event.actor.kind, event.verb, about.type if about else "", about.id if about else "",
        about.name if about else "", event.decision, event.code, event.rule, event.address,
        event.asserted_by, event.request_id, event.agent, facts,
    )  # fmt: skip
    return _row(tuple(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells))


def _row(cells: tuple[str, ...]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
