"""Whether a chain's head is signed and is its last entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.audit.chain import Head, follow
from keystead.core.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from keystead.crypto.keyring import Keyring

__all__ = ["KEPT_HEAD", "LAST_ENTRIES", "require_head"]

KEPT_HEAD: Final = "SELECT node, n, digest, key_n, mac FROM audit_heads WHERE node = {node}"

LAST_ENTRIES: Final = (
    "SELECT node, n, digest, entry FROM audit_entries WHERE node = {node} ORDER BY n DESC LIMIT 2"
)


def require_head(kept: Sequence[Any], last: Sequence[Any], keyring: Keyring) -> str:
    """Return how many entries a chain has had; retention may have cut off the first ones.

    Args:
        kept: its row of `KEPT_HEAD`; of none, nothing is signed.
        last: its rows of `LAST_ENTRIES`, the last one first.
        keyring: what signed it.

    Raises:
        Misconfigured: this installation did not sign it, or the entries end otherwise than it says.
    """
    if not kept or not keyring.audit.check(*tuple(kept[0])):
        raise Misconfigured("it is not signed by this installation; run keystead audit verify.")
    head = Head(*tuple(kept[0])[:3])
    if last and Head(*tuple(last[0])[:3]) != head:
        raise Misconfigured("it is not the last entry; run keystead audit verify.")
    if len(last) > 1 and follow(Head(*tuple(last[1])[:3]), last[0]["entry"]) != head:
        raise Misconfigured("the last entry was changed; run keystead audit verify.")
    return f"{head.n} entries, the head is signed"
