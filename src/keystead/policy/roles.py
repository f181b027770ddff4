"""What an owner may: four roles over the whole house, three rights over a folder.

No role reads a value: that takes a right on the folder (docs/guide/vault.md). Rights go down to sub-folders.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final, Literal, get_args

from keystead.policy.permissions import Permission as P

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = [
    "ON_EVERY_FOLDER",
    "RIGHT_PERMISSIONS",
    "RIGHT_SENTENCES",
    "ROLE_PERMISSIONS",
    "ROLE_SENTENCES",
    "Right",
    "RightName",
    "Role",
    "folder_allows",
    "folders_where",
    "inherited_rights",
    "may",
    "owners_where",
]


class Role(StrEnum):
    """What an owner is in the organisation."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    AUDITOR = "auditor"
    USER = "user"


class Right(IntEnum):
    """What an owner may in a folder; the greater takes in the lesser."""

    VIEWER = 1
    USER = 2
    MANAGER = 3

    @property
    def word(self) -> RightName:
        """What it is called outside of the house."""
        return _RIGHT_NAMES[self.value - 1]

    @classmethod
    def of(cls, word: RightName) -> Right:
        """Return the right that is called so."""
        return cls(_RIGHT_NAMES.index(word) + 1)


RightName = Literal["viewer", "user", "manager"]

_RIGHT_NAMES: Final[tuple[RightName, ...]] = get_args(RightName)


_VAULT: Final = frozenset(p for p in P if p.resource in {"folders", "accounts", "secrets"})
_CHECKOUTS: Final = frozenset(p for p in P if p.resource == "checkouts")
_CREDENTIALS: Final = frozenset(p for p in P if p.resource == "credentials")
_METADATA: Final = frozenset(p for p in P if p.action in {"list", "read"}) - {P.SECRETS_READ}
_APIS: Final = frozenset(p for p in P if p.resource == "apis")
_EVERYBODY: Final = _APIS | {P.SELF_ROTATE, P.TOKENS_VERIFY}

ROLE_PERMISSIONS: Final[Mapping[Role, frozenset[P]]] = {
    # Values too, but only where a folder right gives them: see ON_EVERY_FOLDER.
    Role.ADMINISTRATOR: frozenset(P),
    Role.MANAGER: _EVERYBODY
    | _VAULT
    | _CHECKOUTS
    | _CREDENTIALS
    | {P.OWNERS_LIST, P.OWNERS_READ, P.OWNERS_EDIT, P.TOKENS_ASSERT_IP},
    Role.AUDITOR: _METADATA | {P.AUDIT_EXPORT, P.SELF_ROTATE},
    Role.USER: _EVERYBODY | _VAULT | _CHECKOUTS | _CREDENTIALS | {P.TOKENS_ASSERT_IP},
}
"""The permissions a role can reach at all; the object's own rule comes on top."""

_VIEW: Final = frozenset({P.FOLDERS_LIST, P.ACCOUNTS_LIST, P.ACCOUNTS_READ})
_USE: Final = _VIEW | {
    P.SECRETS_READ,
    P.CHECKOUTS_LIST,
    P.CHECKOUTS_CREATE,
    P.CHECKOUTS_RETURN,
}

RIGHT_PERMISSIONS: Final[Mapping[Right, frozenset[P]]] = {
    Right.VIEWER: _VIEW,
    Right.USER: _USE,
    Right.MANAGER: _VAULT | _CHECKOUTS,
}
"""What a right on a folder allows in it and below it."""

ON_EVERY_FOLDER: Final[Mapping[Role, frozenset[P]]] = {
    Role.ADMINISTRATOR: frozenset(p for p in _VAULT if p.resource != "secrets"),
    Role.AUDITOR: _VIEW,
}
"""What a role allows in every folder without any right on it; never a value."""

ROLE_SENTENCES: Final[Mapping[Role, str]] = {
    Role.ADMINISTRATOR: "Does everything, but reads no value without a right on the folder.",
    Role.MANAGER: "Manages applications, their credentials and APIs, and the folders given to him.",
    Role.AUDITOR: "Sees every description and the audit; changes nothing and reads no value.",
    Role.USER: "Has credentials and APIs of his own, and what he is given on folders.",
}

RIGHT_SENTENCES: Final[Mapping[Right, str]] = {
    Right.VIEWER: "Sees what is there, and no value.",
    Right.USER: "Reads values too, and checks accounts out.",
    Right.MANAGER: "Changes, grants, rotates and forces too.",
}

_ALL_OWNERS: Final = {Role.ADMINISTRATOR: frozenset(P), Role.AUDITOR: _METADATA}


def may(roles: Iterable[Role], permission: P) -> bool:
    """Say whether one of the roles reaches the permission at all."""
    return any(permission in ROLE_PERMISSIONS[role] for role in roles)


def folder_allows(roles: Iterable[Role], right: Right | None, permission: P) -> bool:
    """Say whether an owner with these roles and this right may do so in the folder."""
    if right is not None and permission in RIGHT_PERMISSIONS[right]:
        return True
    return any(permission in ON_EVERY_FOLDER.get(role, ()) for role in roles)


def folders_where(
    roles: Iterable[Role], rights: Mapping[str, Right], permission: P
) -> frozenset[str] | None:
    """Return the ids of the folders where the permission holds; None means all of them."""
    if any(permission in ON_EVERY_FOLDER.get(role, ()) for role in roles):
        return None
    return frozenset(f for f, right in rights.items() if permission in RIGHT_PERMISSIONS[right])


def owners_where(
    roles: Iterable[Role], owner_id: str, managed: Collection[str], permission: P
) -> frozenset[str] | None:
    """Return the owners whose credentials the permission reaches; None means everybody's.

    A manager reaches the applications he manages besides himself; others reach only themselves.
    """
    roles = frozenset(roles)
    if any(permission in _ALL_OWNERS.get(role, ()) for role in roles):
        return None
    return frozenset({owner_id, *managed}) if Role.MANAGER in roles else frozenset({owner_id})


def inherited_rights(
    parents: Mapping[str, str | None],
    grants: Mapping[str, Mapping[str, Right]],
    grantees: Collection[str],
) -> dict[str, Right]:
    """Return each folder's right for an owner and his groups: his own there, or the parent's if greater.

    Args:
        parents: folder id to its parent's id, None at the top.
        grants: folder id to grantee id to right.
        grantees: the owner's id and those of his groups.
    """
    found: dict[str, Right | None] = {}
    for folder in parents:
        trail: list[str] = []
        here: str | None = folder
        on_trail: set[str] = set()
        # A circle, which only damage can make, gives no right and must not be followed for ever.
        while here is not None and here not in found and here not in on_trail:
            trail.append(here)
            on_trail.add(here)
            here = parents.get(here)
        best = found.get(here) if here is not None else None
        for step in reversed(trail):
            own = [grants[step][g] for g in grantees if g in grants[step]] if step in grants else []
            best = max([*own, best] if best is not None else own, default=None)
            found[step] = best
    return {folder: right for folder, right in found.items() if right is not None}
