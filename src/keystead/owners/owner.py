"""The record of an owner (a user or an application) and the rules for its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET, UnsetType

from keystead.core.errors import FieldError, Invalid
from keystead.core.names import wrong_name, wrong_text
from keystead.policy.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keystead.core.clock import Instant

__all__ = ["Owner", "OwnerKind", "OwnerState", "OwnerWish"]

OwnerKind = Literal["user", "application"]
OwnerState = Literal["active", "disabled"]

_MAX_EMAIL: Final = 254
_ROLES: Final = frozenset(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A human who can log in (`user`), or a machine identity (`application`).

    Attributes:
        id: `own_…`.
        login: a user's log-in name, unique without regard to case; None for applications.
        roles: what the owner is in the organisation; see `policy.roles`.
        managed_by: the user who answers for an application; None for users.
        revision: raised by each change.
    """

    id: str
    kind: OwnerKind
    name: str
    login: str | None
    email: str
    roles: frozenset[Role]
    state: OwnerState
    managed_by: str | None
    created_by: str
    created_at: Instant
    modified_at: Instant
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerWish:
    """The fields that a maker or editor of an owner may choose."""

    name: str | UnsetType = UNSET
    login: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    roles: tuple[str, ...] | UnsetType = UNSET
    state: OwnerState | UnsetType = UNSET
    managed_by: str | UnsetType = UNSET

    def wrong(self) -> list[FieldError]:
        """Return every wrong field."""
        return list(self._wrong())

    def require(self) -> None:
        """Raise `Invalid` with every wrong field."""
        if wrong := self.wrong():
            msg = "the owner cannot be made like this"
            raise Invalid(msg, *wrong)

    def _wrong(self) -> Iterator[FieldError]:
        if self.name is not UNSET and (rule := wrong_name(self.name)):
            yield FieldError("name", rule)
        if self.login is not UNSET and (rule := wrong_name(self.login)):
            yield FieldError("login", rule)
        if self.email is not UNSET and (rule := _wrong_email(self.email)):
            yield FieldError("email", rule)
        if self.roles is not UNSET:
            for i, role in enumerate(self.roles):
                if role not in _ROLES:
                    yield FieldError(f"roles[{i}]", f"must be one of {', '.join(Role)}")


def _wrong_email(text: str) -> str | None:
    # The address is only kept, not yet written to; whether it works shows when mail is sent.
    local, _, domain = text.rpartition("@")
    if text and not (local and domain and " " not in text):
        return "must be a mail address, or empty"
    return wrong_text(text, _MAX_EMAIL)
