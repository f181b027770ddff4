"""What the roles and the rights are, as the tables that decide have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from keystead.gate.acts.operation import Told, operation
from keystead.policy.permissions import Permission
from keystead.policy.roles import (
    ON_EVERY_FOLDER,
    RIGHT_PERMISSIONS,
    RIGHT_SENTENCES,
    ROLE_PERMISSIONS,
    ROLE_SENTENCES,
    Right,
    Role,
    owners_where,
)

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act

__all__ = ["RightFacts", "RoleFacts", "Rules", "list_roles"]

_OWNED: Final = frozenset({"owners", "credentials"})


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """One role.

    Attributes:
        permissions: what it reaches at all; objects have rules of their own on top.
        on_every_folder: what of it holds in every folder, without a right there.
        on_every_owner: what of it holds for everybody, and everybody's credentials.
        manages: it reaches the applications that he manages besides himself.
    """

    role: Role
    sentence: str
    permissions: frozenset[Permission]
    on_every_folder: frozenset[Permission]
    on_every_owner: frozenset[Permission]
    manages: bool


@dataclass(frozen=True, slots=True)
class RightFacts:
    """One right on a folder, and what it allows in it and below it."""

    right: Right
    sentence: str
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class Rules:
    """Every role and every right."""

    roles: tuple[RoleFacts, ...]
    rights: tuple[RightFacts, ...]


@operation("role.list", needs=Permission.OWNERS_LIST, told=Told.COUNTED)
async def list_roles(_act: Act) -> Rules:
    """List the roles and the rights on folders with what they allow."""
    rights = (RightFacts(r, RIGHT_SENTENCES[r], RIGHT_PERMISSIONS[r]) for r in Right)
    return Rules(tuple(map(_facts, Role)), tuple(rights))


def _facts(role: Role) -> RoleFacts:
    permissions = ROLE_PERMISSIONS[role]
    owned = (p for p in permissions if p.resource in _OWNED)
    managed = owners_where({role}, "him", {"his"}, Permission.CREDENTIALS_EDIT)
    return RoleFacts(
        role=role,
        sentence=ROLE_SENTENCES[role],
        permissions=permissions,
        on_every_folder=ON_EVERY_FOLDER.get(role, frozenset()),
        on_every_owner=frozenset(p for p in owned if owners_where({role}, "", (), p) is None),
        manages=managed is None or "his" in managed,
    )
