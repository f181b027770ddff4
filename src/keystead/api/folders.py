"""Folders and their grants by the native API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.api.instants import text_of
from keystead.core.errors import FieldError, Invalid
from keystead.operations import folders as verbs
from keystead.policy.roles import Right
from keystead.ports.vault import FolderQuery
from keystead.vault.folder import MAX_GRANTS, FolderWish
from keystead.web.call import Answer, Call, as_answer
from keystead.web.query import encode_cursor, page_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.operations.folders import PlacedFolder

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

RightName = Literal["viewer", "user", "manager"]


class GrantBody(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A right of an owner on a folder and everything below it."""

    owner_id: str
    right: RightName


Grants = Annotated[tuple[GrantBody, ...], Meta(max_length=MAX_GRANTS)]


class FolderNew(Struct, forbid_unknown_fields=True, kw_only=True):
    """A folder to make; without a parent it stands at the top."""

    name: str
    parent_id: str | None = None
    grants: Grants | UnsetType = UNSET


class FolderEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; `grants` replaces all of them."""

    name: str | UnsetType = UNSET
    parent_id: str | UnsetType | None = UNSET
    grants: Grants | UnsetType = UNSET


class FolderQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list; `path` names exactly one folder."""

    path: Annotated[str, Meta(min_length=1, max_length=9000)] | None = None
    parent_id: str | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    page_token: str | None = None
    page_size: Annotated[int, Meta(ge=1, le=200)] | None = None


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
        return as_answer(
            FolderList((_answer(await call.perform(verbs.find_folder, asked.path)),), None)
        )
    wanted = FolderQuery(visible=frozenset(), parent_id=asked.parent_id, q=asked.q)
    page = await call.perform(
        verbs.list_folders, wanted, page_request(asked.page_size, asked.page_token, _ORDER)
    )
    items = tuple(_answer(placed) for placed in page.items)
    return as_answer(FolderList(items, encode_cursor(page.next, _ORDER)))


async def create(call: Call) -> Answer:
    """POST /folders."""
    body = call.json(FolderNew, lambda given: _wish(given)[1])
    made = await call.perform(verbs.create_folder, _require_wish(body))
    return as_answer(_answer(made), 201)


async def read(call: Call) -> Answer:
    """GET /folders/{id}."""
    return as_answer(_answer(await call.perform(verbs.read_folder, call.path["id"])))


async def edit(call: Call) -> Answer:
    """PATCH /folders/{id}."""
    body = call.json(FolderEdit, lambda given: _wish(given)[1])
    done = await call.perform(verbs.edit_folder, call.path["id"], _require_wish(body))
    return as_answer(_answer(done))


async def delete(call: Call) -> Answer:
    """DELETE /folders/{id}."""
    await call.perform(verbs.delete_folder, call.path["id"])
    return Answer(204)


def _require_wish(body: FolderNew | FolderEdit) -> FolderWish:
    wish, wrong = _wish({name: getattr(body, name) for name in body.__struct_fields__})
    if wrong:
        raise Invalid("some fields are wrong", *wrong)
    return wish


def _wish(given: Mapping[str, Any]) -> tuple[FolderWish, list[FieldError]]:
    bodies: tuple[GrantBody, ...] | UnsetType = given.get("grants", UNSET)
    wrong: list[FieldError] = []
    grants: dict[str, Right] | UnsetType = UNSET
    if not isinstance(bodies, UnsetType):
        grants = {}
        for i, grant in enumerate(bodies):
            if grant.owner_id in grants:
                wrong.append(FieldError(f"grants[{i}].owner_id", "stands twice"))
            grants[grant.owner_id] = Right[grant.right.upper()]
    wish = FolderWish(
        name=given.get("name", UNSET), parent_id=given.get("parent_id", UNSET), grants=grants
    )
    return wish, [*wrong, *wish.wrong()]


def _answer(placed: PlacedFolder) -> FolderAnswer:
    folder = placed.folder
    return FolderAnswer(
        id=folder.id,
        name=folder.name,
        path=placed.path,
        parent_id=folder.parent_id,
        grants=tuple(
            GrantBody(owner_id=grantee, right=_name(right))
            for grantee, right in sorted(folder.grants.items())
        ),
        created_by=folder.created_by,
        created_at=text_of(folder.created_at),
        modified_at=text_of(folder.modified_at),
    )


def _name(right: Right) -> RightName:
    names: dict[Right, RightName] = {
        Right.VIEWER: "viewer",
        Right.USER: "user",
        Right.MANAGER: "manager",
    }
    return names[right]
