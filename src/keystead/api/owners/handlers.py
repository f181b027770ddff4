"""Users and applications by the native API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, UnsetType, structs

from keystead.api.instants import text_of
from keystead.api.owners.bodies import (
    OwnerAnswer,
    OwnerEdit,
    OwnerKept,
    OwnerList,
    OwnerNew,
    OwnerQueryBody,
    PasswordChange,
)
from keystead.core.errors import FieldError, Invalid
from keystead.core.secret import Secret
from keystead.crypto.passwords import new_password
from keystead.operations.owners import owners as verbs
from keystead.operations.owners import passwords
from keystead.owners.owner import OwnerWish
from keystead.ports.owners import OwnerQuery
from keystead.web.bodies import sent
from keystead.web.call import Answer, Call, as_answer, done
from keystead.web.query import encode_cursor, page_request
from keystead.web.reveal import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.owners.owner import Owner

__all__ = ["change_password", "create", "edit", "list_all", "read"]

_KINDS: Final = {"name": str, "created_at": int}
"""What a cursor's value is, by the order it belongs to."""
_FIELDS: Final = (
    "name", "login", "email", "roles", "state", "managed_by", "external_id", "metadata",
)  # fmt: skip


async def list_all(call: Call) -> Answer:
    """GET /owners."""
    asked = call.query(OwnerQueryBody)
    wanted = OwnerQuery(
        kind=asked.kind,
        q=asked.q,
        external_id=asked.external_id,
        state=asked.state,
        role=asked.role,
        sort=asked.sort,
    )
    kind = _KINDS[asked.sort.removeprefix("-")]
    page = await call.perform(
        verbs.list_owners,
        wanted,
        page_request(asked.page_size, asked.page_token, asked.sort, kind),
    )
    items = tuple(_answer(owner) for owner in page.items)
    return as_answer(OwnerList(items, encode_cursor(page.next, asked.sort)))


async def create(call: Call) -> Answer:
    """POST /owners."""
    body = call.json(OwnerNew, _wrong)
    wish = _require_wish(body)
    return await call.change(
        lambda made: _kept(made, body, wish, 201), verbs.create_owner, body.kind, wish
    )


async def read(call: Call) -> Answer:
    """GET /owners/{id}."""
    return as_answer(_answer(await call.perform(verbs.read_owner, call.path["id"])))


async def edit(call: Call) -> Answer:
    """PATCH /owners/{id}."""
    body = call.json(OwnerEdit, _wrong)
    wish = _require_wish(body)
    return await call.change(
        lambda edited: _kept(edited, body, wish, 200), verbs.edit_owner, call.path["id"], wish
    )


async def change_password(call: Call) -> Answer:
    """POST /self/password."""
    body = call.json(PasswordChange)
    return await call.change(
        done, passwords.change_password, Secret(body.current), Secret(body.new)
    )


def _require_wish(body: OwnerNew | OwnerEdit) -> OwnerWish:
    """Return the wish in a body; its rules are asked by the verb, or where the body is refused anyway."""
    given = sent(body)
    if unread := _unread(given):
        raise Invalid.of(*unread, *_wish(given).wrong())
    return _wish(given)


def _wrong(given: Mapping[str, Any]) -> list[FieldError]:
    return [*_unread(given), *_wish(given).wrong()]


def _unread(given: Mapping[str, Any]) -> list[FieldError]:
    both = given.get("generate_password", False) and given.get("password", UNSET) is not UNSET
    return [FieldError("generate_password", "excludes password")] if both else []


def _wish(given: Mapping[str, Any]) -> OwnerWish:
    password: Secret | UnsetType = UNSET
    if isinstance(typed := given.get("password", UNSET), str):
        password = Secret(typed)
    elif given.get("generate_password", False):
        password = new_password()
    return OwnerWish(**{name: given[name] for name in _FIELDS if name in given}, password=password)


def _kept(owner: Owner, body: OwnerNew | OwnerEdit, wish: OwnerWish, status: int) -> Answer:
    shown = wish.password if body.generate_password else UNSET
    answer = OwnerKept(**structs.asdict(_answer(owner)), password=shown)
    return Answer(status, as_json(answer))


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
        external_id=owner.external_id,
        metadata=dict(owner.metadata),
        password_changed_at=text_of(owner.password_changed_at),
        must_change=owner.must_change,
        created_by=owner.created_by,
        created_at=text_of(owner.created_at),
        modified_at=text_of(owner.modified_at),
    )
