"""Tokens that another system made, taken over by their SHA-256 (row F11 of docs/features.md).

Such a token is an API token like any other, but for two things: it has an end, and the digest of its first
secret came from outside. A rotation gives it a secret of Keystead's own form, and what was imported ends as
older secrets do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from keystead.core.errors import FieldError
from keystead.core.names import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from keystead.core.clock import Instant
    from keystead.credentials.record import StoredSecret
    from keystead.credentials.wish import CredentialWish
    from keystead.policy.catalogue.catalogue import APIs
    from keystead.policy.organisation import Organisation

__all__ = [
    "MAX_IMPORTED",
    "ImportWish",
    "has_legacy_secret",
    "item_field",
    "wrong_imports",
    "wrong_legacy_end",
]

MAX_IMPORTED: Final = 500
"""Tokens that one act imports."""

_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_ENDLESS: Final = "is needed: an imported token has an end"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """One token to import.

    Attributes:
        sha256: of the token's 40 characters, in hex.
        wish: what it shall be.
        owner_id: whose; None means the caller's.
    """

    sha256: str
    wish: CredentialWish
    owner_id: str | None = None

    def wrong(
        self, at: Instant, apis: APIs | None = None, organisation: Organisation | None = None
    ) -> Iterator[FieldError]:
        """Yield every wrong field; the arguments are those of `CredentialWish.wrong`."""
        if _SHA256.fullmatch(self.sha256) is None:
            yield FieldError("sha256", "must be 64 hex digits: the SHA-256 of the token")
        found = self.wish.wrong(at, apis, organisation)
        yield from found
        said = any(error.field == "expires_at" for error in found)
        if not isinstance(self.wish.expires_at, int) and not said:
            yield FieldError("expires_at", _ENDLESS)


def item_field(place: int, field: str = "") -> str:
    """Name a field of the item at a place."""
    return f"items[{place}].{field}" if field else f"items[{place}]"


def wrong_imports(
    wishes: Sequence[ImportWish], at: Instant, apis: APIs, organisation: Organisation
) -> list[FieldError]:
    """Return every wrong field of all items, and which of them are alike."""
    wrong: list[FieldError] = []
    if not 1 <= len(wishes) <= MAX_IMPORTED:
        wrong.append(FieldError("items", f"must be 1 to {MAX_IMPORTED}"))
    for place, each in enumerate(wishes[:MAX_IMPORTED]):
        wrong += (
            FieldError(item_field(place, error.field), error.message)
            for error in each.wrong(at, apis, organisation)
        )
        wrong += (
            FieldError(item_field(place, field), "is required")
            for field in ("name", "access")
            if getattr(each.wish, field) is UNSET
        )
    return [*wrong, *_alike(wishes[:MAX_IMPORTED])]


def has_legacy_secret(secrets: Iterable[StoredSecret], at: Instant) -> bool:
    """Say whether an imported secret is accepted at an instant."""
    return any(s.is_legacy and (s.retires_at is None or at < s.retires_at) for s in secrets)


def wrong_legacy_end(
    secrets: Iterable[StoredSecret], expires_at: Instant | UnsetType | None
) -> list[FieldError]:
    """Return what is wrong with a new end of a credential with these secrets."""
    # One that is being replaced has an end of its own.
    if expires_at is None and any(s.is_legacy and s.retires_at is None for s in secrets):
        return [FieldError("expires_at", f"{_ENDLESS}; rotate it first")]
    return []


def _alike(wishes: Sequence[ImportWish]) -> Iterator[FieldError]:
    names: dict[str, int] = {}
    digests: dict[str, int] = {}
    for place, each in enumerate(wishes):
        name = each.wish.name
        same = place if isinstance(name, UnsetType) else names.setdefault(name_key(name), place)
        if same != place:
            yield FieldError(item_field(place, "name"), f"is that of {item_field(same)} too")
        same = digests.setdefault(each.sha256.lower(), place)
        if same != place:
            yield FieldError(item_field(place, "sha256"), f"is that of {item_field(same)} too")
