"""Folders and their grants by the native API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.api.instants import text_of
from keystead.core.errors import FieldError, Invalid
from keystead.core.ids import is_id
from keystead.operations.vault import folders as verbs
from keystead.policy.roles import Right, RightName
from keystead.ports.vault import FolderQuery
from keystead.vault.folder import MAX_GRANTS, FolderWish
from keystead.web.bodies import sent
from keystead.web.call import Answer, Call, as_answer, done
from keystead.web.identifiers import Id
from keystead.web.query import PageSize, encode_cursor, page_request, require_alone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.operations.vault.folders import PlacedFolder

__all__ = [
    "FolderAnswer",
    "FolderEdit",
    "FolderList",
    "FolderNew",
    "FolderQueryBody",
    "create",
    "delete",
    "edit",
    "list_all",
    "read",
]

_ORDER = "name"


class GrantBody(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A right of an owner, or of everybody in a group, on a folder and everything below it."""

    owner_id: Id | UnsetType = UNSET
    group_id: Id | UnsetType = UNSET
    right: RightName


Grants = Annotated[tuple[GrantBody, ...], Meta(max_length=MAX_GRANTS)]


class FolderNew(Struct, forbid_unknown_fields=True, kw_only=True):
    """A folder to make; without a parent it stands at the top."""

    name: str
    parent_id: Id | None = None
    grants: Grants | UnsetType = UNSET


class FolderEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; `grants` replaces all of them."""

    name: str | UnsetType = UNSET
    parent_id: Id | UnsetType | None = UNSET
    grants: Grants | UnsetType = UNSET


class FolderQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list; `path` names exactly one folder, and stands alone."""

    path: Annotated[str, Meta(min_length=1, max_length=9000)] | None = None
    parent_id: Id | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    page_token: str | None = None
    page_size: PageSize | None = None


class FolderAnswer(Struct, frozen=True):
    """A folder, its path from the top, and the rights granted on it."""

    id: str
    name: str
    path: str
    parent_id: str | None
    grants: tuple[GrantBody, ...]
    created_by: str
    created_at: str | None
    modified_at: str | None


class FolderList(Struct, frozen=True):
    """A page of folders."""

    items: tuple[FolderAnswer, ...]
    next_page_token: str | None


async def list_all(call: Call) -> Answer:
    """GET /folders."""
    asked = call.query(FolderQueryBody)
    if asked.path is not None:
        require_alone(asked, "path")
        return as_answer(
            FolderList((_answer(await call.perform(verbs.read_folder_at, asked.path)),), None)
        )
    wanted = FolderQuery(parent_id=asked.parent_id, q=asked.q)
    page = await call.perform(
        verbs.list_folders, wanted, page_request(asked.page_size, asked.page_token, _ORDER)
    )
    items = tuple(_answer(placed) for placed in page.items)
    return as_answer(FolderList(items, encode_cursor(page.next, _ORDER)))


async def create(call: Call) -> Answer:
    """POST /folders."""
    body = call.json(FolderNew, _judge)
    return await call.change(
        lambda made: as_answer(_answer(made), 201), verbs.create_folder, _require_read(body)
    )


async def read(call: Call) -> Answer:
    """GET /folders/{id}."""
    return as_answer(_answer(await call.perform(verbs.read_folder, call.path["id"])))


async def edit(call: Call) -> Answer:
    """PATCH /folders/{id}."""
    body = call.json(FolderEdit, _judge)
    return await call.change(
        lambda edited: as_answer(_answer(edited)),
        verbs.edit_folder,
        call.path["id"],
        _require_read(body),
    )


async def delete(call: Call) -> Answer:
    """DELETE /folders/{id}."""
    return await call.change(done, verbs.delete_folder, call.path["id"])


def _require_read(body: FolderNew | FolderEdit) -> FolderWish:
    """Return the wish in a body; its rules are asked by the verb, or where the body is refused anyway."""
    wish, unread = _wish(sent(body))
    if unread:
        raise Invalid.of(*unread, *wish.wrong())
    return wish


def _judge(given: Mapping[str, Any]) -> list[FieldError]:
    wish, unread = _wish(given)
    return [*unread, *wish.wrong()]


def _wish(given: Mapping[str, Any]) -> tuple[FolderWish, list[FieldError]]:
    """Return the wish in what was sent, and what could not be read into it."""
    bodies: tuple[GrantBody, ...] | UnsetType = given.get("grants", UNSET)
    wrong: list[FieldError] = []
    grants: dict[str, Right] | UnsetType = UNSET
    if not isinstance(bodies, UnsetType):
        grants = {}
        for i, grant in enumerate(bodies):
            field, grantee, rule = _grantee(grant)
            if rule or grantee in grants:
                wrong.append(FieldError(f"grants[{i}].{field}", rule or "stands twice"))
            grants[grantee] = Right.of(grant.right)
    wish = FolderWish(
        name=given.get("name", UNSET), parent_id=given.get("parent_id", UNSET), grants=grants
    )
    return wish, wrong


def _grantee(grant: GrantBody) -> tuple[str, str, str]:
    """Return who is meant, in which field, and what is wrong with that."""
    if not isinstance(grant.group_id, UnsetType):
        both = "excludes owner_id" if grant.owner_id is not UNSET else ""
        return "group_id", grant.group_id, both or _unlike("grp", grant.group_id, "is no group")
    if isinstance(grant.owner_id, UnsetType):
        return "owner_id", "", "is required, or group_id"
    return "owner_id", grant.owner_id, _unlike("own", grant.owner_id, "is no owner")


def _unlike(prefix: str, id_: str, rule: str) -> str:
    return "" if is_id(prefix, id_) else rule


def _answer(placed: PlacedFolder) -> FolderAnswer:
    folder = placed.folder
    return FolderAnswer(
        id=folder.id,
        name=folder.name,
        path=placed.path,
        parent_id=folder.parent_id,
        grants=tuple(
            GrantBody(group_id=grantee, right=right.word)
            if is_id("grp", grantee)
            else GrantBody(owner_id=grantee, right=right.word)
            for grantee, right in sorted(folder.grants.items())
        ),
        created_by=folder.created_by,
        created_at=text_of(folder.created_at),
        modified_at=text_of(folder.modified_at),
    )
