"""Verbs about groups: owners who are given rights together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import UNSET

from keystead.core.errors import FieldError, Forbidden, Invalid, NotFound, Overtaken
from keystead.core.ids import new_id
from keystead.core.names import clean_name
from keystead.gate.acts.operation import Told, operation
from keystead.owners.group import MAX_MEMBERS, Group
from keystead.policy.permissions import Permission
from keystead.policy.roles import Role
from keystead.ports.paging import Page

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.owners.group import GroupWish
    from keystead.ports.groups import GroupQuery
    from keystead.ports.paging import PageRequest

__all__ = ["create_group", "delete_group", "edit_group", "list_groups", "read_group"]


@operation("group.list", needs=Permission.OWNERS_LIST, told=Told.COUNTED, browses=True)
async def list_groups(act: Act, query: GroupQuery, page: PageRequest) -> Page[Group]:
    """List the groups with somebody in them whom the caller reaches, and of their members only those."""
    visible = act.caller.owners_where(Permission.OWNERS_LIST)
    if visible is not None and query.member_id is not None and query.member_id not in visible:
        # Else the filter would tell who else is in a group.
        return Page(())
    found = await act.tx.groups.page(replace(query, visible=visible), page)
    return Page(tuple(_seen(group, visible) for group in found.items), found.next)


@operation("group.read", needs=Permission.OWNERS_READ, told=Told.COUNTED)
async def read_group(act: Act, group_id: str) -> Group:
    """Read one group with somebody in it whom the caller reaches, and of its members only those."""
    group = await _found(act, group_id)
    visible = act.caller.owners_where(Permission.OWNERS_READ)
    if visible is not None and not visible & group.members:
        raise NotFound("group")
    return _seen(group, visible)


@operation("group.create", needs=Permission.OWNERS_EDIT, told=Told.ENTERED)
async def create_group(act: Act, wish: GroupWish) -> Group:
    """Make a group.

    Raises:
        Forbidden: only an administrator makes one.
        Invalid: a field is wrong or missing, with every such field.
        Conflict: the name is taken.
    """
    _require_administrator(act)
    await act.tx.generation.hold()
    wrong = await _wrong(act, wish, frozenset())
    if wish.name is UNSET:
        wrong.append(FieldError("name", "is required"))
    if wrong:
        raise Invalid.of(*wrong)
    made = Group(
        id=new_id("grp"),
        name=clean_name(wish.name or ""),
        members=wish.members_after(frozenset()),
        created_by=act.caller.owner_id,
        created_at=act.at,
        modified_at=act.at,
    )
    act.about("group", made.id, made.name, **_facts_of(frozenset(), made.members))
    await act.tx.groups.insert(made)
    return made


@operation("group.edit", needs=Permission.OWNERS_EDIT, told=Told.ENTERED)
async def edit_group(act: Act, group_id: str, wish: GroupWish) -> Group:
    """Rename a group or change who is in it; who leaves loses its rights at once (Law 3).

    Whoever comes in is given the group's rights on folders, which is an edit of these.

    Raises:
        Forbidden: only an administrator changes one; or the presented credential may not edit folders.
        Invalid: a field is wrong, with every such field.
        Conflict: the name is taken.
    """
    _require_administrator(act)
    await act.tx.generation.hold()
    before = await _found(act, group_id)
    if wrong := await _wrong(act, wish, before.members):
        raise Invalid.of(*wrong)
    after = replace(
        before,
        name=before.name if wish.name is UNSET else clean_name(wish.name),
        members=wish.members_after(before.members),
        modified_at=act.at,
        revision=before.revision + 1,
    )
    act.about("group", after.id, after.name, **_facts_of(before.members, after.members))
    if after.members - before.members and act.caller.tree.names_grantee(group_id):
        act.caller.require_also(Permission.FOLDERS_EDIT)
    if not await act.tx.groups.save(after, before):
        raise Overtaken
    return after


@operation("group.delete", needs=Permission.OWNERS_EDIT, told=Told.ENTERED)
async def delete_group(act: Act, group_id: str) -> None:
    """Delete a group; what was granted to it is granted to nobody, at once (Law 3).

    Raises:
        Forbidden: only an administrator deletes one.
    """
    _require_administrator(act)
    await act.tx.generation.hold()
    before = await _found(act, group_id)
    act.about("group", before.id, before.name, **_facts_of(before.members, frozenset()))
    if not await act.tx.groups.bury(before, act.at):
        raise Overtaken


async def _found(act: Act, group_id: str) -> Group:
    act.seek("group", group_id)
    group = await act.tx.groups.find(group_id)
    if group is None:
        raise NotFound("group")
    act.about("group", group.id, group.name)
    return group


def _seen(group: Group, visible: frozenset[str] | None) -> Group:
    return group if visible is None else replace(group, members=group.members & visible)


def _require_administrator(act: Act) -> None:
    # Before it is looked up: what a manager put his applications into could open others' folders to them.
    if not act.caller.house and Role.ADMINISTRATOR not in act.caller.roles:
        raise Forbidden("insufficient_scope", "only an administrator changes groups", rule="role")


async def _wrong(act: Act, wish: GroupWish, before: frozenset[str]) -> list[FieldError]:
    wrong = wish.wrong()
    # A group may hold nobody of whom the store knows nothing; who is in it already is known.
    named = frozenset((*(wish.members or ()), *(wish.add_members or ()))) - before
    known = before | await act.tx.owners.existing(named) if named else before
    for field in ("members", "add_members"):
        for i, member in enumerate(getattr(wish, field) or ()):
            if member not in known:
                wrong.append(FieldError(f"{field}[{i}]", "is no owner"))
    if len(wish.members_after(before)) > MAX_MEMBERS:
        field = "members" if wish.members else "add_members"
        wrong.append(FieldError(field, f"a group has at most {MAX_MEMBERS} members"))
    return wrong


def _facts_of(before: frozenset[str], after: frozenset[str]) -> dict[str, str | int]:
    """Return who came and who left, by id, and how many there are."""
    facts: dict[str, str | int] = {"members": len(after)}
    if come := after - before:
        facts["added"] = ",".join(sorted(come))
    if gone := before - after:
        facts["removed"] = ",".join(sorted(gone))
    return facts
