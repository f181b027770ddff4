"""Users and applications by the native API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.api.instants import text_of
from keystead.operations import owners as verbs
from keystead.owners.owner import OwnerWish
from keystead.policy.roles import Role
from keystead.ports.owners import OwnerQuery
from keystead.web.call import Answer, Call, as_answer
from keystead.web.query import encode_cursor, page_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.owners.owner import Owner

__all__ = [
    "OwnerAnswer",
    "OwnerEdit",
    "OwnerList",
    "OwnerNew",
    "OwnerQueryBody",
    "create",
    "edit",
    "list_all",
    "read",
]

_ORDER = "name"

Roles = Annotated[tuple[str, ...], Meta(max_length=len(Role))]


class OwnerNew(Struct, forbid_unknown_fields=True, kw_only=True):
    """A user or an application to add; roles and other users take an administrator."""

    kind: Literal["user", "application"]
    name: str
    login: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    managed_by: str | UnsetType = UNSET


class OwnerEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; those left out stay."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    state: Literal["active", "disabled"] | UnsetType = UNSET
    managed_by: str | UnsetType = UNSET


class OwnerQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list."""

    kind: Literal["user", "application"] | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    page_token: str | None = None
    page_size: Annotated[int, Meta(ge=1, le=200)] | None = None


class OwnerAnswer(Struct, frozen=True):
    """A user or an application."""

    id: str
    kind: Literal["user", "application"]
    name: str
    login: str | None
    email: str
    roles: tuple[Role, ...]
    state: Literal["active", "disabled"]
    managed_by: str | None
    created_by: str
    created_at: str | None
    modified_at: str | None


class OwnerList(Struct, frozen=True):
    """A page of owners."""

    items: tuple[OwnerAnswer, ...]
    next_page_token: str | None


async def list_all(call: Call) -> Answer:
    """GET /owners."""
    asked = call.query(OwnerQueryBody)
    wanted = OwnerQuery(visible=frozenset(), kind=asked.kind, q=asked.q)
    page = await call.perform(
        verbs.list_owners, wanted, page_request(asked.page_size, asked.page_token, _ORDER)
    )
    items = tuple(_answer(owner) for owner in page.items)
    return as_answer(OwnerList(items, encode_cursor(page.next, _ORDER)))


async def create(call: Call) -> Answer:
    """POST /owners."""
    body = call.json(OwnerNew, lambda given: _wish(given).wrong())
    made = await call.perform(verbs.create_owner, body.kind, _wish(_sent(body)))
    return as_answer(_answer(made), 201)


async def read(call: Call) -> Answer:
    """GET /owners/{id}."""
    return as_answer(_answer(await call.perform(verbs.read_owner, call.path["id"])))


async def edit(call: Call) -> Answer:
    """PATCH /owners/{id}."""
    body = call.json(OwnerEdit, lambda given: _wish(given).wrong())
    done = await call.perform(verbs.edit_owner, call.path["id"], _wish(_sent(body)))
    return as_answer(_answer(done))


def _sent(body: OwnerNew | OwnerEdit) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.__struct_fields__}


def _wish(given: Mapping[str, Any]) -> OwnerWish:
    fields = ("name", "login", "email", "roles", "state", "managed_by")
    return OwnerWish(**{name: given[name] for name in fields if name in given})


def _answer(owner: Owner) -> OwnerAnswer:
    return OwnerAnswer(
        id=owner.id,
        kind=owner.kind,
        name=owner.name,
        login=owner.login,
        email=owner.email,
        roles=tuple(sorted(owner.roles)),
        state=owner.state,
        managed_by=owner.managed_by,
        created_by=owner.created_by,
        created_at=text_of(owner.created_at),
        modified_at=text_of(owner.modified_at),
    )
