"""The access token: short-lived, minted from another credential, and never more than that one is now.

It holds what was granted on each API when it was minted; what its parent has lost since, it has lost too
(rows A18, A19). It ends by itself, with its parent, or when it is revoked; nobody edits or rotates it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from keystead.core.clock import earliest
from keystead.credentials.kind import ACCESS_TOKEN

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential

__all__ = ["AccessToken", "Grants", "as_credential"]

Grants = Mapping[str, tuple[str, ...]]
"""API identifier to the scopes granted there, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """One access token as it is kept.

    Attributes:
        id: `cred_` and the twelve characters that stand in the token, or are the JWT's `jti`.
        parent_id: the credential it was minted from.
        secret_n: by which of that one's secrets; below 0, by which of its registered keys (`ClientKey.n`).
        n: its number among the parent's, from 1; the store gives it.
        grants: what it holds.
        digest: keyed, of the whole token, whatever its form.
        expires_at: exclusive end.
    """

    id: str
    parent_id: str
    secret_n: int
    grants: Grants
    pepper_n: int
    digest: bytes = field(repr=False)
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None = None
    n: int = 0


def as_credential(token: AccessToken, parent: Credential) -> Credential:
    """Return the token as a credential like any other: within its parent's bounds, and its own.

    Its type is its parent's: what such a one is kept to, its tokens are kept to as well.
    """
    return replace(
        parent,
        id=token.id,
        kind=ACCESS_TOKEN.name,
        created_at=token.created_at,
        expires_at=earliest(token.expires_at, parent.expires_at),
        revoked_at=parent.revoked_at if parent.revoked_at is not None else token.revoked_at,
        metadata={},
    )
