"""Users and applications, and the groups that they are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keystead_client._core.secret import Secret
from keystead_client.records.common import Raw

__all__ = ["Group", "NewPassword", "Owner", "Right", "Role", "Roles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A user or an application; `login` is None for an application, `managed_by` for a user.

    `external_id` and `metadata` are what an application is called, and what is known of it,
    elsewhere. `password_changed_at` is None for a user without a password; `must_change` means that
    somebody else has set it.
    """

    id: str
    kind: str
    name: str
    login: str | None
    email: str = ""
    roles: tuple[str, ...]
    state: str
    managed_by: str | None
    external_id: str | None
    metadata: Mapping[str, str]
    password_changed_at: datetime | None
    must_change: bool = False
    created_by: str = ""
    created_at: datetime
    modified_at: datetime | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """A user, and the password that was made for him, which no later answer holds."""

    owner: Owner
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group, and who is in it of those that the caller may see."""

    id: str
    name: str
    members: tuple[str, ...]
    created_by: str = ""
    created_at: datetime
    modified_at: datetime | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role and its permissions.

    Of them, `on_every_folder` hold without a right on the folder and `on_every_owner` for everybody;
    the rest for oneself, and for one's applications if the role `manages`.
    """

    name: str
    description: str
    permissions: tuple[str, ...]
    on_every_folder: tuple[str, ...]
    on_every_owner: tuple[str, ...]
    manages: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A right on a folder, and what it allows in it and below it."""

    name: str
    description: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Every role, and every right on a folder."""

    items: tuple[Role, ...]
    rights: tuple[Right, ...]
    raw: Raw = field(repr=False, compare=False)
