"""What a caller's roles, and what he presents, let him make of an owner: never more than he is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from keystead.core.errors import Forbidden
from keystead.policy.permissions import Permission
from keystead.policy.roles import Role, may

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.owners.owner import Owner, OwnerKind, OwnerWish

__all__ = ["disabled_from_above", "require_administrator_for", "require_held"]


def require_held(act: Act, before: frozenset[Role], after: Owner, wish: OwnerWish) -> None:
    """Refuse what would make more of the presented credential than it is.

    Whoever knows a user's password can become him, and whoever gives a role can have one who holds it: so
    the credential must hold all that the roles allow. The role `user` reaches nobody else's; it is free.
    """
    become = after.roles - before - {Role.USER}
    if wish.password is not UNSET:
        become = after.roles | before
    if not act.caller.holds(frozenset(p for p in Permission if may(become, p))):
        raise Forbidden(
            "insufficient_scope",
            "the credential presented does not hold all that these roles allow",
            rule="scope of a role",
        )


def require_administrator_for(act: Act, kind: OwnerKind, wish: OwnerWish) -> None:
    """Refuse a manager what would widen his own reach: users, roles, other managers' applications."""
    if _is_administrator(act):
        return
    if kind == "user" or wish.roles is not UNSET or wish.managed_by is not UNSET:
        raise Forbidden(
            "insufficient_scope", "only an administrator may do this to an owner", rule="role"
        )


def _is_administrator(act: Act) -> bool:
    return act.caller.house or Role.ADMINISTRATOR in act.caller.roles


def disabled_from_above(act: Act, before: Owner | None, wish: OwnerWish) -> bool:
    """Return whether an administrator has disabled him; refuse anybody else to enable him then."""
    was = before is not None and before.disabled_from_above
    if wish.state is UNSET or (was and wish.state == "disabled"):
        return was
    if was and not _is_administrator(act):
        raise Forbidden(
            "insufficient_scope",
            "an administrator disabled this owner, and only one may enable him",
            rule="role",
        )
    return wish.state == "disabled" and _is_administrator(act)
