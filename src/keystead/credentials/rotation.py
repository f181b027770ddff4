"""How a rotation is asked for: for how long older secrets live on, and what takes their place.

Registered keys are exchanged as a whole and at once: a set holds the old key beside the new one for as long
as both shall be accepted, so that keys need no overlap. Rows S23 and K9 of docs/features.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from keystead.core.errors import FieldError
from keystead.credentials.kind import KINDS
from keystead.credentials.lifecycle import MAX_OVERLAP_SECONDS, has_ended, retirement, rotated
from keystead.crypto.jose.public_keys import FIELD, canonical_jwks, wrong_public_jwks

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential, StoredSecret
    from keystead.policy.organisation import Organisation

__all__ = ["Rotation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The fields of a rotation.

    Attributes:
        overlap_seconds: 0 to 604,800; where it is left out, none, or the longest where the new secret's first
            use ends the older ones.
        revoke_after_first_use: older secrets end when the new one is used for the first time.
        expires_at: the credential's new end; left out, the old one stays.
        end_access_tokens: those that older secrets were given end too.
        public_jwks: an OAuth client's keys from now on.
    """

    overlap_seconds: int | UnsetType = UNSET
    revoke_after_first_use: bool = False
    expires_at: Instant | UnsetType | None = UNSET
    end_access_tokens: bool = False
    public_jwks: Mapping[str, object] | UnsetType = UNSET

    @property
    def overlap(self) -> int:
        """For how many seconds older secrets live on at most."""
        if not isinstance(self.overlap_seconds, UnsetType):
            return self.overlap_seconds
        return MAX_OVERLAP_SECONDS if self.revoke_after_first_use else 0

    def wrong(self, credential: Credential, live: tuple[StoredSecret, ...]) -> list[FieldError]:
        """Return every field that does not fit the credential and its live secrets."""
        return [*self._wrong_overlap(live), *self._wrong_keys(credential)]

    def of(
        self, credential: Credential, at: Instant, organisation: Organisation, *, resets_uses: bool
    ) -> Credential:
        """Return the credential as it stands after the rotation, which has been judged.

        Raises:
            Conflict, Invalid: as `lifecycle.rotated`.
        """
        ends = self.older_end_at(credential, at)
        made = rotated(credential, at, self.expires_at, organisation, ends, resets_uses=resets_uses)
        if isinstance(self.public_jwks, UnsetType):
            return made
        return replace(made, public_jwks=canonical_jwks(self.public_jwks))

    def older_end_at(self, credential: Credential, at: Instant) -> Instant:
        """Return when the secrets before it end: at once, if they had ended with the credential already."""
        return at if has_ended(credential, at) else retirement(at, self.overlap)

    def _wrong_overlap(self, live: tuple[StoredSecret, ...]) -> Iterator[FieldError]:
        if not 0 <= self.overlap <= MAX_OVERLAP_SECONDS:
            yield FieldError("overlap_seconds", f"must be 0 to {MAX_OVERLAP_SECONDS}")
        keys = self.public_jwks is not UNSET
        if self.revoke_after_first_use and (keys or not self.overlap):
            yield FieldError(
                "revoke_after_first_use", "needs a new secret, and an overlap that it cuts short"
            )
        elif keys and self.overlap and not live:
            yield FieldError(
                "overlap_seconds", "is for secrets; leave an old key in the set while it is good"
            )

    def _wrong_keys(self, credential: Credential) -> Iterator[FieldError]:
        if isinstance(self.public_jwks, UnsetType):
            if credential.public_jwks is not None:
                yield FieldError(FIELD, "is required: this client has keys, and no secret")
        elif not KINDS[credential.kind].has_keys:
            yield FieldError(FIELD, "only an oauth_client registers keys")
        else:
            yield from wrong_public_jwks(self.public_jwks)
