"""The chain that makes an edited audit visible, and what is stored of it.

Each entry's digest is SHA-256(digest before it ‖ the entry's stored bytes). The last one, the head, is
signed with the audit key at every entry. Whoever can write the database but has no audit key can
change entries, but cannot make a head that verifies. An older head that is put back is visible only
against a checkpoint: a signed head that was exported. `keystead.audit.verifier` tells what it finds.

Golden vectors are `tests/vectors/chain.json`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, NamedTuple

from keystead.audit.event import Event
from keystead.core.errors import Invalid

__all__ = [
    "GENESIS",
    "Checkpoint",
    "Head",
    "SearchColumns",
    "StoredEntry",
    "StoredHead",
    "decode_checkpoint",
    "encode_checkpoint",
    "follow",
]

_Bytes = bytes  # `StoredEntry` has a field of that name.


class Head(NamedTuple):
    """The end of a chain: how many entries, and the last one's digest (32 bytes)."""

    n: int
    digest: bytes


GENESIS: Final = Head(0, bytes(hashlib.sha256().digest_size))
"""The head before the first entry: no entries, 32 zero bytes."""


def follow(head: Head, entry_bytes: bytes) -> Head:
    """Return the head after one more entry."""
    # The digest has a fixed length, so the two parts cannot be cut otherwise.
    return Head(head.n + 1, hashlib.sha256(head.digest + entry_bytes).digest())


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
            at=event.at,
            verb=event.verb,
            owner_id=actor.owner_id,
            credential_id=actor.credential_id,
            object_type="" if target is None else target.type,
            object_id="" if target is None else target.id,
            decision=event.decision,
        )


class StoredEntry(NamedTuple):
    """One row of the audit.

    Attributes:
        n: its place, from 1, without gaps.
        bytes: the entry itself, as `encode_entry` made it.
        digest: as `follow` made it.
        columns: the copies that are searched.
    """

    n: int
    bytes: _Bytes
    digest: _Bytes
    columns: SearchColumns


class StoredHead(NamedTuple):
    """The signed head: `mac` is made by `AuditKey.sign(n, digest)` with key number `key_n`."""

    n: int
    digest: bytes
    key_n: int
    mac: bytes


class Checkpoint(NamedTuple):
    """A signed head that left the house, to be held against the chain later."""

    n: int
    digest: bytes
    key_n: int
    mac: bytes


_CHECKPOINT = re.compile(r"ksac1 (\d{1,19}) ([0-9a-f]{64}) (\d{1,10}) ([0-9a-f]{64})", re.ASCII)


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    """Return one line: mark, entry number, digest, key number, signature; without a line end."""
    return (
        f"ksac1 {checkpoint.n} {checkpoint.digest.hex()} {checkpoint.key_n} {checkpoint.mac.hex()}"
    )


def decode_checkpoint(text: str) -> Checkpoint:
    """Read that line; white space around it does not matter.

    Raises:
        Invalid: the text has another form.
    """
    match = _CHECKPOINT.fullmatch(text.strip())
    if match is None:
        raise Invalid("this is not an audit checkpoint: it is one line that begins with ksac1")
    n, digest, key_n, mac = match.groups()
    return Checkpoint(int(n), bytes.fromhex(digest), int(key_n), bytes.fromhex(mac))
