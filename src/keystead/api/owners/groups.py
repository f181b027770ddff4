"""Groups by the native API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.api.instants import text_of
from keystead.operations.owners import groups as verbs
from keystead.owners.group import MAX_MEMBERS, GroupWish
from keystead.ports.groups import GroupQuery
from keystead.web.bodies import sent
from keystead.web.call import Answer, Call, as_answer, done
from keystead.web.identifiers import Id
from keystead.web.query import PageSize, encode_cursor, page_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.errors import FieldError
    from keystead.owners.group import Group

__all__ = [
    "GroupAnswer",
    "GroupEdit",
    "GroupList",
    "GroupNew",
    "GroupQueryBody",
    "create",
    "delete",
    "edit",
    "list_all",
    "read",
]

_ORDER = "name"

Members = Annotated[
    tuple[Id, ...],
    Meta(
        max_length=MAX_MEMBERS,
        description="ids of users and applications; a group has at most 1,000",
    ),
]


class GroupNew(Struct, forbid_unknown_fields=True, kw_only=True):
    """A group to make; it takes an administrator."""

    name: str
    members: Members = ()


class GroupEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; `members` says who shall be in it, the two others who shall come and who leave."""

    name: str | UnsetType = UNSET
    members: Members | UnsetType = UNSET
    add_members: Members | UnsetType = UNSET
    remove_members: Members | UnsetType = UNSET


class GroupQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list; each one given must match."""

    member_id: Id | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    page_token: str | None = None
    page_size: PageSize | None = None


class GroupAnswer(Struct, frozen=True):
    """A group, and who of those is in it that the caller may see."""

    id: str
    name: str
    members: tuple[str, ...]
    created_by: str
    created_at: str | None
    modified_at: str | None


class GroupList(Struct, frozen=True):
    """A page of groups."""

    items: tuple[GroupAnswer, ...]
    next_page_token: str | None


async def list_all(call: Call) -> Answer:
    """GET /groups."""
    asked = call.query(GroupQueryBody)
    wanted = GroupQuery(member_id=asked.member_id, q=asked.q)
    page = await call.perform(
        verbs.list_groups, wanted, page_request(asked.page_size, asked.page_token, _ORDER)
    )
    items = tuple(_answer(group) for group in page.items)
    return as_answer(GroupList(items, encode_cursor(page.next, _ORDER)))


async def create(call: Call) -> Answer:
    """POST /groups."""
    body = call.json(GroupNew, _wrong)
    wish = GroupWish(name=body.name, members=body.members)
    return await call.change(lambda made: as_answer(_answer(made), 201), verbs.create_group, wish)


async def read(call: Call) -> Answer:
    """GET /groups/{id}."""
    return as_answer(_answer(await call.perform(verbs.read_group, call.path["id"])))


async def edit(call: Call) -> Answer:
    """PATCH /groups/{id}."""
    body = call.json(GroupEdit, _wrong)
    given = sent(body)
    return await call.change(
        lambda edited: as_answer(_answer(edited)),
        verbs.edit_group,
        call.path["id"],
        GroupWish(**given),
    )


async def delete(call: Call) -> Answer:
    """DELETE /groups/{id}."""
    return await call.change(done, verbs.delete_group, call.path["id"])


def _wrong(given: Mapping[str, Any]) -> list[FieldError]:
    return GroupWish(**given).wrong()


def _answer(group: Group) -> GroupAnswer:
    return GroupAnswer(
        id=group.id,
        name=group.name,
        members=tuple(sorted(group.members)),
        created_by=group.created_by,
        created_at=text_of(group.created_at),
        modified_at=text_of(group.modified_at),
    )
