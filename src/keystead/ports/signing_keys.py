"""What the verbs about signing keys, and the minting of JWTs, ask of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant
    from keystead.credentials.signing_key import SigningKey
    from keystead.crypto.jose.signing import Algorithm

__all__ = ["SigningKeyRecords"]


class SigningKeyRecords(Protocol):
    """Keys that sign access tokens; of each algorithm at most one has no end."""

    async def all(self) -> Sequence[SigningKey]:
        """Return every key there ever was, by algorithm, those that sign last first."""

    async def signer(self, algorithm: Algorithm, at: Instant) -> SigningKey | None:
        """Return the key that signs at an instant: see `signing_key.signer_at`."""

    async def insert_first(self, key: SigningKey) -> bool:
        """Add the first key of its algorithm; False where there is one.

        Another transaction that is adding one is waited for.
        """

    async def succeed(self, old: SigningKey, new: SigningKey, old_ends_at: Instant) -> bool:
        """Add the successor of the key that has no end, and give that one its end.

        False where it has an end already: another successor was first.
        """

    async def destroy_ended(self, at: Instant) -> Sequence[str]:
        """Destroy the private halves of keys that have ended; return whose."""
