"""The chain that makes an edited audit visible, and what is stored of it.

Each node keeps a chain of its own; the embedded store is node 0. Each entry's digest is SHA-256(digest
before it ‖ the entry's stored bytes). The last one, the head, is signed with the audit key at every
entry. Whoever can write the database but has no audit key can change entries, but cannot make a head
that verifies. An older head that is put back is visible only against a checkpoint: a signed head that
was exported. `keystead.audit.verifier` tells what it finds.

The node is in a chain's beginning, in each entry's bytes and under each signature, so no part of one
chain passes for a part of another. Golden vectors are `tests/vectors/chain.json`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, NamedTuple

from keystead.audit.event import Event
from keystead.core.errors import Invalid
from keystead.crypto.token_format import to_base62

__all__ = [
    "ENTRIES",
    "NODES",
    "Head",
    "Place",
    "SearchColumns",
    "SignedHead",
    "StoredEntry",
    "decode_checkpoint",
    "encode_checkpoint",
    "event_id",
    "follow",
    "genesis",
]

NODES: Final = 2**23
"""Nodes are numbered below this: with `ENTRIES` a place is below 2**71, which 12 base62 digits hold."""

ENTRIES: Final = 2**48
"""A chain's entries are numbered from 1 to below this."""

_GENESIS: Final = b"keystead audit chain 1\0"

_Bytes = bytes  # `StoredEntry` has a field of that name.


class Place(NamedTuple):
    """Where an entry is: whose chain, and its number there."""

    node: int
    n: int


class Head(NamedTuple):
    """The end of a node's chain: how many entries, and the last one's digest (32 bytes)."""

    node: int
    n: int
    digest: bytes


def genesis(node: int) -> Head:
    """Return the head before the first entry: SHA-256(domain ‖ node in 4 bytes)."""
    return Head(node, 0, hashlib.sha256(_GENESIS + node.to_bytes(4)).digest())


def follow(head: Head, entry_bytes: bytes) -> Head:
    """Return the head after one more entry."""
    # The digest has a fixed length, so the two parts cannot be cut otherwise.
    return Head(head.node, head.n + 1, hashlib.sha256(head.digest + entry_bytes).digest())


def event_id(node: int, n: int) -> str:
    """Return an entry's id, unlike any other's: `evt_`, then node · 2**48 + n in 12 base62 digits."""
    return f"evt_{to_base62(node * ENTRIES + n, 12)}"


class SearchColumns(NamedTuple):
    """Copies of an entry's parts that the store indexes; `verify` compares them with the bytes.

    Absent things are empty strings.
    """

    at: int
    verb: str
    owner_id: str
    credential_id: str
    object_type: str
    object_id: str
    decision: str

    @classmethod
    def of(cls, event: Event) -> SearchColumns:
        """Return the columns that belong to an event."""
        actor, target = event.actor, event.object
        return cls(
            event.at,
            event.verb,
            actor.owner_id,
            actor.credential_id,
            "" if target is None else target.type,
            "" if target is None else target.id,
            event.decision,
        )


class StoredEntry(NamedTuple):
    """One row of the audit.

    Attributes:
        node: whose chain it is in.
        n: its place there, from 1, without gaps.
        bytes: the entry itself, as `encode_entry` made it.
        digest: as `follow` made it.
        columns: the copies that are searched.
    """

    node: int
    n: int
    bytes: _Bytes
    digest: _Bytes
    columns: SearchColumns


class SignedHead(NamedTuple):
    """A head with its signature; exported, to be held against the chain later, it is a checkpoint.

    `mac` is made by `AuditKey.sign(node, n, digest)` with key number `key_n`.
    """

    node: int
    n: int
    digest: bytes
    key_n: int
    mac: bytes


_CHECKPOINT = re.compile(
    r"ksac1 (\d{1,10}) (\d{1,19}) ([0-9a-f]{64}) (\d{1,10}) ([0-9a-f]{64})", re.ASCII
)


def encode_checkpoint(head: SignedHead) -> str:
    """Return one line: mark, node, entry number, digest, key number, signature; without a line end."""
    return f"ksac1 {head.node} {head.n} {head.digest.hex()} {head.key_n} {head.mac.hex()}"


def decode_checkpoint(text: str) -> SignedHead:
    """Read that line; white space around it does not matter.

    Raises:
        Invalid: the text has another form.
    """
    match = _CHECKPOINT.fullmatch(text.strip())
    if match is None:
        raise Invalid("this is not an audit checkpoint: it is one line that begins with ksac1")
    node, n, digest, key_n, mac = match.groups()
    return SignedHead(int(node), int(n), bytes.fromhex(digest), int(key_n), bytes.fromhex(mac))
