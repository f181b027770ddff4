"""Verbs about users and applications."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import UNSET

from keystead.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from keystead.core.ids import new_id
from keystead.core.names import clean_name
from keystead.gate.operation import Told, operation
from keystead.owners.owner import Owner
from keystead.policy.permissions import Permission
from keystead.policy.roles import Role

if TYPE_CHECKING:
    from keystead.gate.act import Act
    from keystead.owners.owner import OwnerKind, OwnerWish
    from keystead.ports.owners import OwnerQuery
    from keystead.ports.paging import Page, PageRequest

__all__ = ["create_owner", "edit_owner", "list_owners", "read_owner"]


@operation("owner.list", needs=Permission.OWNERS_LIST, told=Told.COUNTED)
async def list_owners(act: Act, query: OwnerQuery, page: PageRequest) -> Page[Owner]:
    """List the owners that the caller reaches."""
    visible = act.caller.owners_where(Permission.OWNERS_LIST)
    return await act.tx.owners.page(replace(query, visible=visible), page)


@operation("owner.read", needs=Permission.OWNERS_READ, told=Told.COUNTED)
async def read_owner(act: Act, owner_id: str) -> Owner:
    """Read one owner."""
    return await _reached(act, owner_id, Permission.OWNERS_READ)


@operation("owner.create", needs=Permission.OWNERS_EDIT, told=Told.ENTERED)
async def create_owner(
    act: Act, kind: OwnerKind, wish: OwnerWish, password_hash: str | None = None
) -> Owner:
    """Add a user or an application.

    An application is managed by its maker unless another user is named; a user needs a log-in name.

    Raises:
        Invalid: a field is wrong or missing, with every such field.
        Forbidden: only an administrator adds users or gives roles.
        Conflict: the name or log-in name is taken.
    """
    _require_administrator_for(act, kind, wish)
    wrong = wish.wrong()
    if wish.name is UNSET:
        wrong.append(FieldError("name", "is required"))
    if kind == "user" and wish.login is UNSET:
        wrong.append(FieldError("login", "is required for a user"))
    if kind == "application" and wish.login is not UNSET:
        wrong.append(FieldError("login", "an application has none"))
    if kind == "user" and wish.managed_by is not UNSET:
        wrong.append(FieldError("managed_by", "only an application is managed"))
    wrong += await _wrong_manager(act, wish)
    if wrong:
        msg = "the owner cannot be made like this"
        raise Invalid(msg, *wrong)
    manager = (wish.managed_by or act.caller.owner_id) if kind == "application" else None
    made = Owner(
        id=new_id("own"),
        kind=kind,
        name=clean_name(wish.name or ""),
        login=clean_name(wish.login) if wish.login else None,
        email=wish.email or "",
        roles=frozenset(map(Role, (Role.USER,) if wish.roles is UNSET else wish.roles)),
        state=wish.state or "active",
        managed_by=manager,
        created_by=act.caller.owner_id,
        created_at=act.at,
        modified_at=act.at,
    )
    act.about("owner", made.id, made.name, roles=",".join(sorted(made.roles)))
    await act.tx.owners.insert(made, password_hash)
    if manager:
        await act.tx.generation.raise_for("owner", manager, act.at)
    return made


@operation("owner.edit", needs=Permission.OWNERS_EDIT, told=Told.ENTERED)
async def edit_owner(act: Act, owner_id: str, wish: OwnerWish) -> Owner:
    """Change an owner; what narrows or disables him acts on his credentials at once (Law 3).

    Raises:
        Forbidden: only an administrator changes users, roles and managers.
        Conflict: he is the last active administrator, or the name is taken.
    """
    before = await _reached(act, owner_id, Permission.OWNERS_EDIT)
    _require_administrator_for(act, before.kind, wish)
    wrong = [*wish.wrong(), *await _wrong_manager(act, wish)]
    if wish.login is not UNSET:
        wrong.append(FieldError("login", "cannot be changed"))
    if before.kind == "user" and wish.managed_by is not UNSET:
        wrong.append(FieldError("managed_by", "only an application is managed"))
    if wrong:
        msg = "the owner cannot be changed like this"
        raise Invalid(msg, *wrong)
    after = replace(
        before,
        name=before.name if wish.name is UNSET else clean_name(wish.name),
        email=before.email if wish.email is UNSET else wish.email,
        roles=before.roles if wish.roles is UNSET else frozenset(map(Role, wish.roles)),
        state=before.state if wish.state is UNSET else wish.state,
        managed_by=before.managed_by if wish.managed_by is UNSET else wish.managed_by,
        modified_at=act.at,
        revision=before.revision + 1,
    )
    await _require_an_administrator(act, before, after)
    act.about(
        "owner", before.id, after.name, state=after.state, roles=",".join(sorted(after.roles))
    )
    if not await act.tx.owners.save(after, before.revision):
        raise Conflict("wrong_state", "somebody else changed it meanwhile; read it and try again")
    for ref in {after.id, before.managed_by, after.managed_by} - {None}:
        await act.tx.generation.raise_for("owner", str(ref), act.at)
    return after


async def _reached(act: Act, owner_id: str, permission: Permission) -> Owner:
    act.seek("owner", owner_id)
    owner = await act.tx.owners.find(owner_id)
    if owner is None or not act.caller.reaches(owner_id, permission):
        raise NotFound("owner")
    act.about("owner", owner.id, owner.name)
    return owner


def _require_administrator_for(act: Act, kind: OwnerKind, wish: OwnerWish) -> None:
    """Refuse a manager what would widen his own reach: users, roles, other managers' applications."""
    if act.caller.house or Role.ADMINISTRATOR in act.caller.roles:
        return
    if kind == "user" or wish.roles is not UNSET or wish.managed_by is not UNSET:
        raise Forbidden(
            "insufficient_scope", "only an administrator may do this to an owner", rule="role"
        )


async def _wrong_manager(act: Act, wish: OwnerWish) -> list[FieldError]:
    if wish.managed_by is UNSET:
        return []
    manager = await act.tx.owners.find(wish.managed_by)
    if manager is None or manager.kind != "user":
        return [FieldError("managed_by", "is no user")]
    return []


async def _require_an_administrator(act: Act, before: Owner, after: Owner) -> None:
    def rules(owner: Owner) -> bool:
        return (
            owner.kind == "user" and owner.state == "active" and Role.ADMINISTRATOR in owner.roles
        )

    if (
        rules(before)
        and not rules(after)
        and not await act.tx.owners.other_administrators(before.id)
    ):
        raise Conflict("wrong_state", "he is the last active administrator")
