"""What somebody asks a credential to be, and everything wrong with it at once.

The same rules hold for creation and for edits; a field left `UNSET` is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from keystead.core.errors import FieldError, Invalid
from keystead.core.names import wrong_name, wrong_text
from keystead.policy.networks import parse_networks
from keystead.policy.scopes import check_access

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keystead.core.clock import Instant
    from keystead.policy.scopes import Access

__all__ = ["MAX_DESCRIPTION", "MAX_METADATA", "CredentialWish"]

MAX_DESCRIPTION: Final = 1000
MAX_METADATA: Final = 50
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

    def wrong(self, at: Instant) -> list[FieldError]:
        """Return every wrong field, judged at an instant."""
        return list(self._wrong(at))

    def require(self, at: Instant) -> None:
        """Raise `Invalid` with every wrong field."""
        if wrong := self.wrong(at):
            msg = "the credential cannot be made like this"
            raise Invalid(msg, *wrong)

    def _wrong(self, at: Instant) -> Iterator[FieldError]:
        if self.name is not UNSET and (rule := wrong_name(self.name)):
            yield FieldError("name", rule)
        if self.description is not UNSET and (
            rule := wrong_text(self.description, MAX_DESCRIPTION, lines=True)
        ):
            yield FieldError("description", rule)
        if self.access is not UNSET:
            yield from check_access(self.access)
        if self.networks is not UNSET:
            try:
                parse_networks(self.networks)
            except Invalid as error:
                yield from error.errors
        if isinstance(self.expires_at, int) and self.expires_at <= at:
            yield FieldError("expires_at", "must lie in the future")
        if (
            isinstance(self.not_before, int)
            and isinstance(self.expires_at, int)
            and self.not_before >= self.expires_at
        ):
            yield FieldError("not_before", "must lie before expires_at")
        if self.metadata is not UNSET:
            yield from _wrong_metadata(self.metadata)


def _wrong_metadata(metadata: Mapping[str, str]) -> Iterator[FieldError]:
    if len(metadata) > MAX_METADATA:
        yield FieldError("metadata", f"must have at most {MAX_METADATA} entries")
        return
    for key, value in metadata.items():
        if not key or (rule := wrong_text(key, _MAX_KEY)):
            yield FieldError("metadata", f"each key must be 1 to {_MAX_KEY} printable characters")
        elif rule := wrong_text(value, _MAX_VALUE):
            yield FieldError(f"metadata.{key}", rule)
