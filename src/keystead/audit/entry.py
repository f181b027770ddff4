"""An event as the bytes that are stored, chained and never written again.

The bytes are JSON, so that they can be read without Keystead, and deterministic: fields in the order
below, facts by name, no spaces. What `verify` hashes are the stored bytes themselves; they are never
encoded anew. So the form may grow: new fields come last, with a default, under the same mark; a
change of meaning needs a new mark. Golden vectors are `tests/vectors/entries.json`.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from keystead.audit.chain import ENTRIES, NODES
from keystead.audit.errors import BrokenEntry
from keystead.audit.event import Event

__all__ = ["decode_entry", "encode_entry"]

_FORMAT: Final = 1


class _Entry(msgspec.Struct, frozen=True):
    """The stored form. `v` is the mark, `n` the entry's place in the node's chain, from 1."""

    v: int
    node: Annotated[int, msgspec.Meta(ge=0, lt=NODES)]
    n: Annotated[int, msgspec.Meta(ge=1, lt=ENTRIES)]
    event: Event


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(_Entry)


def encode_entry(node: int, n: int, event: Event) -> bytes:
    """Return the bytes of entry `n` of a node's chain.

    Raises:
        TypeError: a fact has a type that is not allowed, a `Secret` above all.
    """
    return _encoder.encode(_Entry(_FORMAT, node, n, event))


def decode_entry(data: bytes) -> tuple[int, int, Event]:
    """Return an entry's node, its number there, and its event.

    Raises:
        BrokenEntry: the bytes have another form; the message does not repeat them.
    """
    try:
        entry = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BrokenEntry("these bytes are no audit entry") from None
    if entry.v != _FORMAT:
        raise BrokenEntry(f"this audit entry has the unknown form {entry.v}")
    return entry.node, entry.n, entry.event
