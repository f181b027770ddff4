"""Verbs about users and applications."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from keystead.core.errors import Conflict, FieldError, Invalid, NotFound, Overtaken
from keystead.core.ids import new_id
from keystead.core.names import clean_name
from keystead.crypto.password_rules import wrong_password
from keystead.gate.acts.operation import Told, operation
from keystead.operations.owners.passwords import hash_of_edit, hash_of_new, require_hashed
from keystead.operations.owners.ranks import (
    disabled_from_above,
    require_administrator_for,
    require_held,
)
from keystead.owners.owner import Owner
from keystead.policy.permissions import Permission
from keystead.policy.roles import Role

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.owners.owner import OwnerKind, OwnerWish
    from keystead.ports.owners import OwnerQuery
    from keystead.ports.paging import Page, PageRequest

__all__ = ["create_owner", "edit_owner", "list_owners", "read_owner"]

_USERS_ALONE: Final[tuple[str, ...]] = ("login", "password")
_APPLICATIONS_ALONE: Final[tuple[str, ...]] = ("managed_by", "external_id", "metadata")


@operation("owner.list", needs=Permission.OWNERS_LIST, told=Told.COUNTED, browses=True)
async def list_owners(act: Act, query: OwnerQuery, page: PageRequest) -> Page[Owner]:
    """List the owners that the caller reaches."""
    visible = act.caller.owners_where(Permission.OWNERS_LIST)
    return await act.tx.owners.page(replace(query, visible=visible), page)


@operation("owner.read", needs=Permission.OWNERS_READ, told=Told.COUNTED)
async def read_owner(act: Act, owner_id: str) -> Owner:
    """Read one owner."""
    return await _reached(act, owner_id, Permission.OWNERS_READ)


@operation("owner.create", needs=Permission.OWNERS_EDIT, told=Told.ENTERED, prepare=hash_of_new)
async def create_owner(
    act: Act, password_hash: str | None, kind: OwnerKind, wish: OwnerWish
) -> Owner:
    """Add a user or an application.

    An application is managed by its maker unless another user is named; a user needs a log-in name, and
    changes a password that was set for him.

    Raises:
        Invalid: a field is wrong or missing, with every such field.
        Forbidden: only an administrator adds users or gives roles, by a credential that holds all of what
            that makes of them.
        Conflict: the name or log-in name is taken.
    """
    require_administrator_for(act, kind, wish)
    wrong = wish.wrong()
    if wish.name is UNSET:
        wrong.append(FieldError("name", "is required"))
    if kind == "user" and wish.login is UNSET:
        wrong.append(FieldError("login", "is required for a user"))
    wrong += [*_of_the_other_kind(kind, wish), *await _wrong_manager(act, wish)]
    if wrong:
        raise Invalid.of(*wrong)
    manager = (wish.managed_by or act.caller.owner_id) if kind == "application" else None
    made = Owner(
        id=new_id("own"),
        kind=kind,
        name=clean_name(wish.name or ""),
        login=clean_name(wish.login) if wish.login else None,
        email=wish.email or "",
        roles=frozenset(map(Role, (Role.USER,) if wish.roles is UNSET else wish.roles)),
        state=wish.state or "active",
        disabled_from_above=disabled_from_above(act, None, wish),
        managed_by=manager,
        created_by=act.caller.owner_id,
        created_at=act.at,
        modified_at=act.at,
        external_id=clean_name(wish.external_id) if wish.external_id else None,
        metadata=wish.metadata or {},
        password_changed_at=None if wish.password is UNSET else act.at,
        must_change=wish.password is not UNSET,
    )
    require_held(act, frozenset(), made, wish)
    act.about("owner", made.id, made.name, **_facts_of(made, wish))
    require_hashed(wish, password_hash)
    await act.tx.owners.insert(made, password_hash)
    return made


@operation("owner.edit", needs=Permission.OWNERS_EDIT, told=Told.ENTERED, prepare=hash_of_edit)
async def edit_owner(act: Act, password_hash: str | None, owner_id: str, wish: OwnerWish) -> Owner:
    """Change an owner; what narrows or disables him acts on his credentials at once (Law 3).

    Raises:
        Invalid: a field is wrong, or a password is the caller's own: that takes the current one.
        Forbidden: only an administrator changes users, roles and managers, by a credential that holds all
            of what that makes of them, and enables what an administrator disabled.
        Conflict: he is the last active administrator, or the name is taken.
    """
    await act.tx.generation.hold()
    before = await _reached(act, owner_id, Permission.OWNERS_EDIT)
    require_administrator_for(act, before.kind, wish)
    wrong = [*wish.wrong(), *_of_the_other_kind(before.kind, wish)]
    wrong += await _wrong_manager(act, wish)
    if wish.login is not UNSET:
        wrong.append(FieldError("login", "cannot be changed"))
    wrong += _wrong_password(act, before, wish)
    if wrong:
        raise Invalid.of(*dict.fromkeys(wrong))
    after = replace(
        before,
        name=before.name if wish.name is UNSET else clean_name(wish.name),
        email=before.email if wish.email is UNSET else wish.email,
        roles=before.roles if wish.roles is UNSET else frozenset(map(Role, wish.roles)),
        state=before.state if wish.state is UNSET else wish.state,
        disabled_from_above=disabled_from_above(act, before, wish),
        managed_by=before.managed_by if wish.managed_by is UNSET else wish.managed_by,
        external_id=_external_id(before, wish),
        metadata=before.metadata if wish.metadata is UNSET else wish.metadata,
        password_changed_at=before.password_changed_at if wish.password is UNSET else act.at,
        must_change=before.must_change or wish.password is not UNSET,
        modified_at=act.at,
        revision=before.revision + 1,
    )
    await _require_an_administrator(act, before, after)
    require_held(act, before.roles, after, wish)
    act.about("owner", before.id, after.name, state=after.state, **_facts_of(after, wish))
    require_hashed(wish, password_hash)
    if not await act.tx.owners.save(after, before, password_hash):
        raise Overtaken
    return after


async def _reached(act: Act, owner_id: str, permission: Permission) -> Owner:
    act.seek("owner", owner_id)
    owner = await act.tx.owners.find(owner_id)
    if owner is None or not act.caller.reaches(owner_id, permission):
        raise NotFound("owner")
    act.about("owner", owner.id, owner.name)
    return owner


def _external_id(before: Owner, wish: OwnerWish) -> str | None:
    if isinstance(wish.external_id, UnsetType):
        return before.external_id
    return None if wish.external_id is None else clean_name(wish.external_id)


def _of_the_other_kind(kind: OwnerKind, wish: OwnerWish) -> list[FieldError]:
    """Return the fields that an owner of this kind does not have."""
    others = _USERS_ALONE if kind == "application" else _APPLICATIONS_ALONE
    rule = f"{'an application' if kind == 'application' else 'a user'} has none"
    return [FieldError(name, rule) for name in others if getattr(wish, name) is not UNSET]


def _wrong_password(act: Act, before: Owner, wish: OwnerWish) -> list[FieldError]:
    """Judge a new password by the names that an edit leaves as they are."""
    if isinstance(wish.password, UnsetType):
        return []
    if before.id == act.caller.owner_id:
        return [FieldError("password", "your own is changed with the current one")]
    rule = wrong_password(wish.password, before.login or "", before.name, before.email)
    return [FieldError("password", rule)] if rule else []


def _facts_of(after: Owner, wish: OwnerWish) -> dict[str, str | bool]:
    facts: dict[str, str | bool] = {"roles": ",".join(sorted(after.roles))}
    return facts if wish.password is UNSET else {**facts, "password_set": True}


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
