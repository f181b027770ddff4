"""What minting, revoking and recognising access tokens asks of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.core.clock import Instant
    from keystead.credentials.access_token import AccessToken
    from keystead.ports.credentials import Known

__all__ = ["AccessTokenRecords", "AssertionRecords"]


class AccessTokenRecords(Protocol):
    """Access tokens, opaque ones and JWTs alike."""

    async def insert(self, token: AccessToken) -> int:
        """Add one, under the number after its parent's newest, whatever its own says; return that number.

        Two nodes that mint for one parent at the same instant may give the same number.
        """

    async def find_presented(self, candidates: Collection[tuple[int, bytes]]) -> Known | None:
        """Return what a digest belongs to: the token, its parent and their owner; ended ones too."""

    async def revoke(self, token: AccessToken, at: Instant) -> bool:
        """End one for good; False where it has been ended already."""

    async def end_beyond(self, parent_ids: tuple[str, ...], most: int, at: Instant) -> int:
        """End the live tokens of a parent, by its ids, but the newest `most`; return how many there were."""

    async def end_of_secret(self, parent_id: str, secret_n: int, at: Instant) -> int:
        """End the parent's live tokens that were minted by this secret or an older one; return how many."""

    async def forget(self, at: Instant, size: int) -> int:
        """Delete at most `size` that had ended by themselves; return how many there were."""


class AssertionRecords(Protocol):
    """Client assertions that were used, each until it has ended by itself."""

    async def spend(self, client_id: str, digest: bytes, at: Instant, expires_at: Instant) -> bool:
        """Note that a client's assertion is used now; False where it has been before.

        Args:
            client_id: the credential's id; another client's assertion may have the same `jti`.
            digest: of the `jti`.
            at: now.
            expires_at: from when on the assertion is refused anyway.
        """

    async def forget(self, at: Instant, size: int) -> int:
        """Delete at most `size` that have ended; return how many there were."""
