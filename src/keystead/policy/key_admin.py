"""The class of keys that manage API keys, and nothing else. Row C25 of docs/features.md.

Such a key gives what its owner may give now, not what it holds itself; in return it holds nothing but the
management of keys, and reaches no other credential, nor another key of its own class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.core.errors import FieldError
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import ROLE_PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.policy.roles import Role
    from keystead.policy.scopes import Access

__all__ = [
    "KEY_ADMIN",
    "KEY_ADMIN_PERMISSIONS",
    "MANAGED",
    "grantable",
    "wrong_key_admin_access",
]

KEY_ADMIN: Final = "key_admin"
"""The type of such a key, and of the access tokens that it is given."""

KEY_ADMIN_PERMISSIONS: Final = frozenset(
    {p for p in Permission if p.resource == "credentials"} | {Permission.SELF_ROTATE}
)
"""All that it may hold, whatever it was given."""

MANAGED: Final = ("api_key", "static")
"""The kind and the type of the credentials that it reaches."""


_RULE: Final = "a key_admin key holds credentials:* and self:rotate, and nothing else"


def grantable(roles: Iterable[Role]) -> frozenset[str]:
    """Return the scopes of Keystead's own API that an owner with these roles may give."""
    return frozenset(p.value for role in roles for p in ROLE_PERMISSIONS[role])


def wrong_key_admin_access(access: Iterable[Access]) -> list[FieldError]:
    """Return what such a key was to be given and may not hold, by field."""
    wrong: list[FieldError] = []
    for i, entry in enumerate(access):
        where = f"access[{i}]"
        if entry.api != KEYSTEAD_API:
            wrong.append(FieldError(f"{where}.api", _RULE))
            continue
        for j, scope in enumerate(entry.scopes):
            if scope not in KEY_ADMIN_PERMISSIONS:
                wrong.append(FieldError(f"{where}.scopes[{j}]", _RULE))
        if entry.levels.keys() - {Permission.CREDENTIALS_LIST.resource}:
            wrong.append(FieldError(f"{where}.levels", _RULE))
    return wrong
