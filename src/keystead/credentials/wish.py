"""What somebody asks a credential to be, and everything wrong with it at once.

The same rules hold for creation and for edits; a field left `UNSET` is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from keystead.core.errors import FieldError, Invalid
from keystead.core.names import wrong_entries, wrong_name, wrong_text
from keystead.crypto.jose.public_keys import wrong_public_jwks
from keystead.policy.catalogue.wish import wrong_identifier
from keystead.policy.networks import MOST, parse_networks
from keystead.policy.scopes import wrong_access

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keystead.core.clock import Instant
    from keystead.policy.catalogue.catalogue import APIs
    from keystead.policy.organisation import Organisation
    from keystead.policy.scopes import Access

__all__ = ["MAX_DESCRIPTION", "MAX_METADATA", "MAX_USES", "PERIODS", "CredentialWish"]

MAX_DESCRIPTION: Final = 1000
MAX_METADATA: Final = 50
MAX_USES: Final = 1_000_000
PERIODS: Final = ("1d", "7d", "30d", "60d", "90d", "180d", "365d")
"""Row A6: what to pick an end from; any other period is as good."""

_MAX_KEY: Final = 64
_MAX_VALUE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialWish:
    """The fields of a credential that its maker may choose; see `record.Credential` for their meaning."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    access: tuple[Access, ...] | UnsetType = UNSET
    networks: tuple[str, ...] | UnsetType = UNSET
    expires_at: Instant | UnsetType | None = UNSET
    not_before: Instant | UnsetType | None = UNSET
    metadata: Mapping[str, str] | UnsetType = UNSET
    public_jwks: Mapping[str, object] | UnsetType = UNSET
    legacy_audience: str | UnsetType | None = UNSET
    max_uses: int | UnsetType | None = UNSET

    def wrong(
        self, at: Instant, apis: APIs | None = None, organisation: Organisation | None = None
    ) -> list[FieldError]:
        """Return every wrong field, judged at an instant.

        Args:
            at: the instant.
            apis: those that there are; None at a door, which does not know them.
            organisation: its rules; None at a door.
        """
        found = list(
            self._wrong(at, apis, MOST if organisation is None else organisation.max_networks)
        )
        if organisation is not None:
            found += organisation.wrong_description(self.description)
            found += organisation.wrong_networks(self.networks)
            found += organisation.wrong_end(self.expires_at, at)
        return found

    def require(self, at: Instant, apis: APIs, organisation: Organisation) -> None:
        """Raise `Invalid` with every wrong field."""
        if wrong := self.wrong(at, apis, organisation):
            raise Invalid.of(*wrong)

    def _wrong_words(self) -> Iterator[FieldError]:
        if self.name is not UNSET and (rule := wrong_name(self.name)):
            yield FieldError("name", rule)
        if self.description is not UNSET and (
            rule := wrong_text(self.description, MAX_DESCRIPTION, lines=True)
        ):
            yield FieldError("description", rule)

    def _wrong_span(self, at: Instant) -> Iterator[FieldError]:
        if isinstance(self.expires_at, int) and self.expires_at <= at:
            yield FieldError("expires_at", "must lie in the future")
        if (
            isinstance(self.not_before, int)
            and isinstance(self.expires_at, int)
            and self.not_before >= self.expires_at
        ):
            yield FieldError("not_before", "must lie before expires_at")
        if isinstance(self.max_uses, int) and not 1 <= self.max_uses <= MAX_USES:
            yield FieldError("max_uses", f"must be 1 to {MAX_USES}, or null")

    def _wrong(self, at: Instant, apis: APIs | None, max_networks: int) -> Iterator[FieldError]:
        yield from self._wrong_words()
        if self.access is not UNSET:
            yield from wrong_access(self.access, apis)
        if self.networks is not UNSET:
            try:
                parse_networks(self.networks, max_networks)
            except Invalid as error:
                yield from error.errors
        yield from self._wrong_span(at)
        if not isinstance(self.metadata, UnsetType):
            for key, rule in wrong_entries(
                self.metadata, most=MAX_METADATA, key=_MAX_KEY, value=_MAX_VALUE
            ):
                yield FieldError(f"metadata.{key}" if key else "metadata", rule)
        if not isinstance(self.public_jwks, UnsetType):
            yield from wrong_public_jwks(self.public_jwks)
        if isinstance(self.legacy_audience, str) and (
            broken := wrong_identifier(self.legacy_audience)
        ):
            yield FieldError("legacy_audience", broken)
