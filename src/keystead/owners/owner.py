"""The record of an owner (a user or an application) and the rules for its fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET, UnsetType

from keystead.core.errors import FieldError
from keystead.core.names import wrong_entries, wrong_name, wrong_text
from keystead.crypto.password_rules import wrong_password
from keystead.policy.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keystead.core.clock import Instant
    from keystead.core.secret import Secret

__all__ = ["MAX_METADATA", "Owner", "OwnerKind", "OwnerState", "OwnerWish"]

OwnerKind = Literal["user", "application"]
OwnerState = Literal["active", "disabled"]

MAX_METADATA: Final = 64
_MAX_KEY: Final = 64
_MAX_VALUE: Final = 1024
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
        external_id: what an application is called elsewhere (a customer's number, say), unique where there
            is one, to the letter; None for users.
        metadata: an application's free facts, left empty where the owner only stands beside a credential.
        password_changed_at: when a user's password was set last; None while he has none.
        must_change: it was set by somebody else, and is his to change.
        disabled_from_above: an administrator disabled the owner, and only one enables him.
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
    external_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    password_changed_at: Instant | None = None
    must_change: bool = False
    disabled_from_above: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerWish:
    """The fields that a maker or editor of an owner may choose; a user's `password` is set by others here."""

    name: str | UnsetType = UNSET
    login: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    roles: tuple[str, ...] | UnsetType = UNSET
    state: OwnerState | UnsetType = UNSET
    managed_by: str | UnsetType = UNSET
    external_id: str | UnsetType | None = UNSET
    metadata: Mapping[str, str] | UnsetType = UNSET
    password: Secret | UnsetType = UNSET

    def wrong(self) -> list[FieldError]:
        """Return every wrong field."""
        return [*self._wrong_names(), *self._wrong_rest()]

    def _wrong_names(self) -> Iterator[FieldError]:
        if self.name is not UNSET and (rule := wrong_name(self.name)):
            yield FieldError("name", rule)
        if self.login is not UNSET and (rule := wrong_name(self.login)):
            yield FieldError("login", rule)
        if self.email is not UNSET and (rule := _wrong_email(self.email)):
            yield FieldError("email", rule)
        if isinstance(self.external_id, str) and (rule := wrong_name(self.external_id)):
            yield FieldError("external_id", rule)

    def _wrong_rest(self) -> Iterator[FieldError]:
        if self.roles is not UNSET:
            for i, role in enumerate(self.roles):
                if role not in _ROLES:
                    yield FieldError(f"roles[{i}]", f"must be one of {', '.join(Role)}")
        if not isinstance(self.metadata, UnsetType):
            for key, what in wrong_entries(
                self.metadata, most=MAX_METADATA, key=_MAX_KEY, value=_MAX_VALUE
            ):
                yield FieldError(f"metadata.{key}" if key else "metadata", what)
        if not isinstance(self.password, UnsetType):
            names = (self.login or "", self.name or "", self.email or "")
            if rule := wrong_password(self.password, *names):
                yield FieldError("password", rule)


def _wrong_email(text: str) -> str | None:
    # The address is only kept, not yet written to; whether it works shows when mail is sent.
    local, _, domain = text.rpartition("@")
    if text and not (local and domain and " " not in text):
        return "must be a mail address, or empty"
    return wrong_text(text, _MAX_EMAIL)
