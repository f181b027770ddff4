"""Whether the keys that sign access tokens are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.core.errors import Misconfigured
from keystead.crypto.envelope import BrokenEnvelope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.crypto.keyring import Keyring
    from keystead.store.rows.statement import Row

__all__ = ["KEPT_KEYS", "NOT_YET", "require_signing_keys"]

KEPT_KEYS: Final = "SELECT kid, algorithm, sealed FROM signing_keys WHERE length(sealed) > 0"

NOT_YET: Final = "none yet; the next start makes the first one"


def require_signing_keys(rows: Iterable[Row], keyring: Keyring) -> str:
    """Return how many keys there are, each of which opens.

    Raises:
        Misconfigured: one does not, or is another one's; the sentence names it.
    """
    found = [(row["kid"], row["algorithm"], row["sealed"]) for row in rows]
    for kid, algorithm, sealed in found:
        if not _opens(kid, algorithm, sealed, keyring):
            raise Misconfigured(
                f"the {algorithm} key {kid} was altered and signs nothing; "
                f"run keystead signing-key rotate {algorithm}."
            )
    return f"{len(found)}, and each opens" if found else NOT_YET


def _opens(kid: str, algorithm: str, sealed: bytes, keyring: Keyring) -> bool:
    try:
        return keyring.signers.open(kid, sealed).algorithm == algorithm
    except BrokenEnvelope:
        return False
