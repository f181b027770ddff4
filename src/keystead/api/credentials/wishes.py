"""From a credential's body to the wish in it, with every wrong field named as it was sent.

The rules of a wish are the noun's, and the verb asks them, whatever door it is reached by. Here they are
asked only where the body must be refused anyway, so that one answer names all that is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from keystead.api.credentials.bodies import AccessBody
from keystead.api.credentials.ends import end_named, read_end
from keystead.api.instants import Instants
from keystead.core.errors import FieldError, Invalid
from keystead.credentials.wish import CredentialWish
from keystead.policy.permissions import KEYSTEAD_API
from keystead.policy.scopes import Access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.clock import Instant

__all__ = ["WishSent"]


@dataclass(frozen=True, slots=True)
class WishSent:
    """A wish, and how it was written.

    Attributes:
        unread: the fields that could not be read into it.
        short: the place in `access` of what `scopes` and `levels` became; None without them.
        short_field: the first of the two that was sent.
        given: what was sent.
    """

    wish: CredentialWish
    unread: tuple[FieldError, ...]
    short: int | None
    short_field: str
    given: Mapping[str, Any]

    @classmethod
    def read(cls, given: Mapping[str, Any], at: Instant) -> WishSent:
        """Read the wish in what was sent at an instant, or in as much of it as could be decoded."""
        instants = Instants()
        access, short = _access(given)
        wish = CredentialWish(
            name=given.get("name", UNSET),
            description=given.get("description", UNSET),
            access=access,
            networks=given.get("networks", UNSET),
            expires_at=read_end(given, at, instants),
            not_before=instants.read(given, "not_before"),
            metadata=given.get("metadata", UNSET),
            public_jwks=given.get("public_jwks", UNSET),
            legacy_audience=given.get("legacy_audience", UNSET),
            max_uses=given.get("max_uses", UNSET),
        )
        short_field = "scopes" if "scopes" in given else "levels"
        return cls(wish, tuple(instants.wrong), short, short_field, given)

    def wrong(self, at: Instant) -> list[FieldError]:
        """Return every wrong field of a body that is refused."""
        return [*self.unread, *map(self.as_sent, self.wish.wrong(at))]

    def require_read(self, at: Instant) -> None:
        """Refuse a body of which a field could not be read, with every other wrong field beside it."""
        if self.unread:
            raise Invalid.of(*self.wrong(at))

    def as_sent(self, error: FieldError) -> FieldError:
        """Name `scopes[0]`, not the `access[0].scopes[0]` it became; and a period, not the end."""
        error = end_named(self.given, error)
        if self.short is None:
            return error
        if error.field == "access":
            return FieldError(self.short_field, error.message)
        if error.field == f"access[{self.short}].api":
            return FieldError(self.short_field, f"short for {KEYSTEAD_API}, which {error.message}")
        return FieldError(error.field.removeprefix(f"access[{self.short}]."), error.message)


def _access(given: Mapping[str, Any]) -> tuple[tuple[Access, ...] | UnsetType, int | None]:
    entries: tuple[AccessBody, ...] = given.get("access", ())
    access = [Access(e.api, tuple(e.scopes), dict(e.levels)) for e in entries]
    if "scopes" in given or "levels" in given:
        own = Access(KEYSTEAD_API, tuple(given.get("scopes", ())), dict(given.get("levels", {})))
        return (*access, own), len(access)
    return (tuple(access) if "access" in given else UNSET), None
