"""Verbs about folders and the rights granted on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from keystead.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Overtaken
from keystead.core.ids import is_id, new_id
from keystead.core.names import clean_name
from keystead.gate.acts.operation import Told, operation
from keystead.policy.permissions import Permission
from keystead.policy.roles import Right, Role
from keystead.ports.paging import Page
from keystead.vault.folder import MAX_FOLDERS, Folder, require_place, split_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.gate.acts.act import Act
    from keystead.ports.paging import PageRequest
    from keystead.ports.vault import FolderQuery
    from keystead.vault.folder import FolderWish

__all__ = [
    "PlacedFolder",
    "create_folder",
    "delete_folder",
    "edit_folder",
    "list_folders",
    "read_folder",
    "read_folder_at",
]

_MAY_MAKE_TOP_FOLDERS: Final = frozenset({Role.ADMINISTRATOR, Role.MANAGER})


@dataclass(frozen=True, slots=True)
class PlacedFolder:
    """A folder, and its path from the top."""

    folder: Folder
    path: str


@operation("folder.list", needs=Permission.FOLDERS_LIST, told=Told.COUNTED, browses=True)
async def list_folders(act: Act, query: FolderQuery, page: PageRequest) -> Page[PlacedFolder]:
    """List the folders that the caller may see."""
    visible = act.caller.folders_where(Permission.FOLDERS_LIST)
    found = await act.tx.folders.page(replace(query, visible=visible), page)
    return Page(tuple(_placed(act, folder) for folder in found.items), found.next)


@operation("folder.find", needs=Permission.FOLDERS_LIST, told=Told.COUNTED, verb="folder.read")
async def read_folder_at(act: Act, path: str) -> PlacedFolder:
    """Read the folder at a path."""
    act.seek("folder", path)
    folder_id = act.caller.tree.find(split_path(path))
    if folder_id is None:
        raise NotFound("folder")
    return _placed(act, await _reached(act, folder_id, Permission.FOLDERS_LIST))


@operation("folder.read", needs=Permission.FOLDERS_LIST, told=Told.COUNTED)
async def read_folder(act: Act, folder_id: str) -> PlacedFolder:
    """Read one folder."""
    return _placed(act, await _reached(act, folder_id, Permission.FOLDERS_LIST))


@operation("folder.create", needs=Permission.FOLDERS_EDIT, told=Told.ENTERED)
async def create_folder(act: Act, wish: FolderWish) -> PlacedFolder:
    """Make a folder; its maker is its manager.

    Raises:
        Invalid: a field is wrong or missing, or a grantee does not exist.
        Forbidden: a folder at the top takes the role manager or administrator.
        Conflict: a sibling has the name, or there are as many folders as there may be.
    """
    await act.tx.generation.hold()
    parent_id = None if isinstance(wish.parent_id, UnsetType) else wish.parent_id
    wrong = wish.wrong()
    if wish.name is UNSET:
        wrong.append(FieldError("name", "is required"))
    wrong += await _unknown_grantees(act, wish)
    if wrong:
        raise Invalid.of(*wrong)
    act.seek("folder", parent_id or "")
    _require_may_place(act, parent_id)
    require_place(await _above(act, parent_id), 1)
    if len(act.caller.tree.parents) >= MAX_FOLDERS:
        raise Conflict("wrong_state", f"an installation has at most {MAX_FOLDERS} folders")
    grants = {} if isinstance(wish.grants, UnsetType) else dict(wish.grants)
    if act.caller.owner_id:
        grants[act.caller.owner_id] = Right.MANAGER
    made = Folder(
        id=new_id("fold"),
        parent_id=parent_id,
        name=clean_name(wish.name or ""),
        grants=grants,
        created_by=act.caller.owner_id,
        created_at=act.at,
        modified_at=act.at,
    )
    act.about("folder", made.id, made.name, parent=parent_id or "", granted=_written(grants))
    if not await act.tx.folders.insert(made):
        raise NotFound("folder")
    return _placed(act, made)


@operation("folder.edit", needs=Permission.FOLDERS_EDIT, told=Told.ENTERED)
async def edit_folder(act: Act, folder_id: str, wish: FolderWish) -> PlacedFolder:
    """Rename, move or share a folder; `grants` replaces all of them.

    Raises:
        Invalid: a field is wrong, or a grantee does not exist.
        Conflict: a sibling has the name, or it would come to lie in itself.
    """
    await act.tx.generation.hold()
    before = await _reached(act, folder_id, Permission.FOLDERS_EDIT)
    wrong = [*wish.wrong(), *await _unknown_grantees(act, wish)]
    if wrong:
        raise Invalid.of(*wrong)
    after = replace(
        before,
        name=before.name if wish.name is UNSET else clean_name(wish.name),
        parent_id=before.parent_id if wish.parent_id is UNSET else wish.parent_id,
        grants=before.grants if wish.grants is UNSET else dict(wish.grants),
        modified_at=act.at,
        revision=before.revision + 1,
    )
    if after.parent_id != before.parent_id:
        # Whoever takes a folder away from its superiors must be one: both ends must be his to edit.
        if before.parent_id is not None:
            act.caller.require_in(before.parent_id, Permission.FOLDERS_EDIT)
        _require_may_place(act, after.parent_id)
        height = await act.tx.folders.height(folder_id)
        require_place(await _above(act, after.parent_id), height, moving=folder_id)
    changed = [f for f in wish.__slots__ if getattr(before, f) != getattr(after, f)]
    act.about(
        "folder", folder_id, after.name, changed=",".join(changed), **_facts_of(before, after)
    )
    if not await act.tx.folders.save(after, before.revision):
        raise Overtaken
    return _placed(act, after)


@operation("folder.delete", needs=Permission.FOLDERS_DELETE, told=Told.ENTERED)
async def delete_folder(act: Act, folder_id: str) -> None:
    """Delete an empty folder.

    Raises:
        Conflict: there is something in it.
    """
    await act.tx.generation.hold()
    await _reached(act, folder_id, Permission.FOLDERS_DELETE)
    if not await act.tx.folders.bury(folder_id, act.at):
        raise Conflict("wrong_state", "the folder is not empty")


async def _reached(act: Act, folder_id: str, permission: Permission) -> Folder:
    act.seek("folder", folder_id)
    act.caller.require_in(folder_id, permission)
    folder = await act.tx.folders.find(folder_id)
    if folder is None:
        raise NotFound("folder")
    act.about("folder", folder.id, folder.name)
    return folder


async def _above(act: Act, parent_id: str | None) -> tuple[str, ...]:
    return () if parent_id is None else await act.tx.folders.above(parent_id)


def _facts_of(before: Folder, after: Folder) -> dict[str, str]:
    """Return who was given and who lost which right, and from where to where it moved."""
    facts: dict[str, str] = {}
    gained = dict(after.grants.items() - before.grants.items())
    lost = dict(before.grants.items() - after.grants.items())
    if gained:
        facts["granted"] = _written(gained)
    if lost:
        facts["ungranted"] = _written(lost)
    if before.parent_id != after.parent_id:
        facts |= {"from": before.parent_id or "top", "to": after.parent_id or "top"}
    return facts


def _written(grants: Mapping[str, Right]) -> str:
    return ",".join(f"{grantee}:{right.word}" for grantee, right in sorted(grants.items()))


def _require_may_place(act: Act, parent_id: str | None) -> None:
    if parent_id is not None:
        act.caller.require_in(parent_id, Permission.FOLDERS_EDIT)
    elif not act.caller.house and not act.caller.roles & _MAY_MAKE_TOP_FOLDERS:
        raise Forbidden(
            "insufficient_scope",
            "a folder at the top takes the role manager or administrator",
            rule="role",
        )


async def _unknown_grantees(act: Act, wish: FolderWish) -> list[FieldError]:
    if isinstance(wish.grants, UnsetType):
        return []
    groups = [grantee for grantee in wish.grants if is_id("grp", grantee)]
    known = await act.tx.owners.existing(wish.grants)
    if groups:
        known |= await act.tx.groups.existing(groups)
    unknown = [(i, g) for i, g in enumerate(wish.grants) if g not in known]
    return [
        FieldError(f"grants[{i}].group_id", "is no group")
        if is_id("grp", grantee)
        else FieldError(f"grants[{i}].owner_id", "is no owner")
        for i, grantee in unknown
    ]


def _placed(act: Act, folder: Folder) -> PlacedFolder:
    if folder.parent_id is None:
        return PlacedFolder(folder, folder.name)
    return PlacedFolder(folder, f"{act.caller.tree.path(folder.parent_id)}/{folder.name}")
