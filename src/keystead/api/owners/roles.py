"""The roles and the rights by the native API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from keystead.operations.owners import roles as verbs
from keystead.policy.permissions import Permission
from keystead.policy.roles import RightName, Role
from keystead.web.call import Answer, Call, as_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["RightAnswer", "RoleAnswer", "RoleList", "list_all"]


class RoleAnswer(Struct, frozen=True):
    """A role.

    `permissions` is what it reaches at all. Of that, `on_every_folder` holds without a right on the folder,
    and `on_every_owner` for everybody; the rest for oneself, and for one's applications where it `manages`.
    """

    name: Role
    description: str
    permissions: tuple[Permission, ...]
    on_every_folder: tuple[Permission, ...]
    on_every_owner: tuple[Permission, ...]
    manages: bool


class RightAnswer(Struct, frozen=True):
    """A right on a folder, and what it allows in it and below it."""

    name: RightName
    description: str
    permissions: tuple[Permission, ...]


class RoleList(Struct, frozen=True):
    """Every role, and every right on a folder; there are no further pages."""

    items: tuple[RoleAnswer, ...]
    rights: tuple[RightAnswer, ...]
    next_page_token: None = None


async def list_all(call: Call) -> Answer:
    """GET /roles."""
    rules = await call.perform(verbs.list_roles)
    roles = tuple(
        RoleAnswer(
            each.role,
            each.sentence,
            _in_order(each.permissions),
            _in_order(each.on_every_folder),
            _in_order(each.on_every_owner),
            each.manages,
        )
        for each in rules.roles
    )
    rights = tuple(
        RightAnswer(each.right.word, each.sentence, _in_order(each.permissions))
        for each in rules.rights
    )
    return as_answer(RoleList(roles, rights))


def _in_order(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Return them in the catalogue's order."""
    held = frozenset(permissions)
    return tuple(p for p in Permission if p in held)
