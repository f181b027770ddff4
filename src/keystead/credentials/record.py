"""The records: a credential, the secrets numbered within it, and its last use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.clock import Instant
    from keystead.policy.networks import Network
    from keystead.policy.scopes import Access

__all__ = ["Credential", "LastUse", "StoredSecret"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential, without any secret.

    Attributes:
        id: `cred_` and the twelve characters that stand in its tokens too; kept over rotations.
        kind: one of `kind.CREATED`, or `access_token` of what was minted.
        type: one of its kind's; immutable.
        owner_id: whose rights bound it.
        created_by: who made it; not the owner.
        access: what it was given, per API.
        networks: where it may be used from; empty means anywhere.
        expires_at: exclusive end; None means never.
        not_before: first instant at which it is good; None means at once.
        disabled_at: switched off since; None means on.
        disabled_from_above: an administrator switched it off, who is more than its owner, and only one
            switches it on.
        revoked_at: ended for good since; None means not.
        metadata: up to 50 short texts of the owner's own.
        public_jwks: the registered public keys of an OAuth client, a JWK set as JSON; None for a secret's.
        last_refreshed_at: when it took another's place under a new id; None means never.
        former_id: the id that it had before its last refresh, where that had an overlap.
        former_ends_at: exclusive end of that one, unless it ends sooner itself.
        max_uses: how often it may be used before it ends; None means any number.
        uses: how often it was, of one with `max_uses`.
        legacy_audience: the one URL that its assertions may name in the issuer's place; None for none.
        revision: raised by each change, so that two editors cannot overwrite each other unseen.
    """

    id: str
    kind: str
    type: str
    name: str
    description: str
    owner_id: str
    created_by: str
    created_at: Instant
    modified_at: Instant
    access: tuple[Access, ...]
    networks: tuple[Network, ...]
    expires_at: Instant | None
    not_before: Instant | None = None
    disabled_at: Instant | None = None
    revoked_at: Instant | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1
    public_jwks: str | None = None
    legacy_audience: str | None = None
    last_refreshed_at: Instant | None = None
    former_id: str | None = None
    former_ends_at: Instant | None = None
    max_uses: int | None = None
    uses: int = 0
    disabled_from_above: bool = False

    @property
    def id12(self) -> str:
        """The public id's twelve characters."""
        return self.id.partition("_")[2]


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One secret of a credential, as a keyed digest.

    Attributes:
        n: its number within the credential, from 1.
        retires_at: exclusive end after a rotation; None for the newest.
        ends_older: its first use ends the older ones.
        binding: of an imported token, what ties its digest to this credential; None of what was minted here.
    """

    n: int
    pepper_n: int
    digest: bytes = field(repr=False)
    created_at: Instant
    retires_at: Instant | None = None
    ends_older: bool = False
    binding: bytes | None = field(default=None, repr=False)

    @property
    def is_legacy(self) -> bool:
        """Whether it was imported."""
        return self.binding is not None


@dataclass(frozen=True, slots=True)
class LastUse:
    """When, from where and by what agent a credential was last used, and how often in all."""

    at: Instant
    address: str
    agent: str
    uses: int
