"""What is sent and answered about owners: bodies, parameters, answers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.core.secret import Secret
from keystead.crypto.password_rules import MAX_PASSWORD
from keystead.owners.owner import MAX_METADATA
from keystead.policy.roles import Role
from keystead.ports.owners import OwnerSort
from keystead.web.identifiers import Id
from keystead.web.query import PageSize

__all__ = [
    "OwnerAnswer",
    "OwnerEdit",
    "OwnerKept",
    "OwnerList",
    "OwnerNew",
    "OwnerQueryBody",
    "PasswordChange",
]

Roles = Annotated[tuple[str, ...], Meta(max_length=len(Role))]
ExternalId = Annotated[
    str, Meta(description="1 to 255 printable characters, unique among applications to the letter")
]
Metadata = Annotated[
    dict[str, str],
    Meta(max_length=MAX_METADATA, description="keys of 1 to 64, values of up to 1,024 characters"),
]
Password = Annotated[
    str,
    Meta(
        max_length=4 * MAX_PASSWORD,
        description="12 to 256 characters, none of the first tried",
    ),
]


class OwnerNew(Struct, forbid_unknown_fields=True, kw_only=True):
    """A user or an application to add; roles and users take an administrator.

    `external_id` and `metadata` are an application's: what it is called, and what is known of it, elsewhere.
    A user's `password` is typed, or made here and shown once; either way it is the user's to change.
    """

    kind: Literal["user", "application"]
    name: str
    login: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    state: Literal["active", "disabled"] = "active"
    managed_by: Id | UnsetType = UNSET
    external_id: ExternalId | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    generate_password: bool = False


class OwnerEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; those left out stay, and `metadata` is replaced whole."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    state: Literal["active", "disabled"] | UnsetType = UNSET
    managed_by: Id | UnsetType = UNSET
    external_id: ExternalId | UnsetType | None = UNSET
    metadata: Metadata | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    generate_password: bool = False


class PasswordChange(Struct, forbid_unknown_fields=True, kw_only=True):
    """One's own password: the current one, and what it shall be."""

    current: Password
    new: Password


class OwnerQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list; each one given must match."""

    kind: Literal["user", "application"] | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    external_id: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    state: Literal["active", "disabled"] | None = None
    role: Role | None = None
    sort: OwnerSort = "name"
    page_token: str | None = None
    page_size: PageSize | None = None


class OwnerAnswer(Struct, frozen=True):
    """A user or an application."""

    id: str
    kind: Literal["user", "application"]
    name: str
    login: str | None
    email: str
    roles: tuple[Role, ...]
    state: Literal["active", "disabled"]
    managed_by: str | None
    external_id: str | None
    metadata: dict[str, str]
    password_changed_at: str | None
    must_change: bool
    created_by: str
    created_at: str | None
    modified_at: str | None


class OwnerKept(OwnerAnswer, frozen=True, kw_only=True):
    """As it is kept; with the password if that was made here, which no later answer holds."""

    password: Annotated[Secret | UnsetType, Meta(extra_json_schema={"type": "string"})] = UNSET


class OwnerList(Struct, frozen=True):
    """A page of owners."""

    items: tuple[OwnerAnswer, ...]
    next_page_token: str | None
