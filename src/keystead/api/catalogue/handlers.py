"""API catalogues by the native API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.api.catalogue.answers import (
    EFFECT_ORDER,
    APIList,
    api_answer,
    edited_answer,
    effect_answer,
    list_item,
)
from keystead.api.catalogue.bodies import (
    APIEdit,
    APINew,
    APIQueryBody,
    ChangeQueryBody,
    wish_of,
    wrong_in,
)
from keystead.core.errors import FieldError, Invalid
from keystead.operations.catalogue import apis, changes
from keystead.web.bodies import sent
from keystead.web.call import Answer, Call, as_answer, done
from keystead.web.query import encode_cursor, page_request

if TYPE_CHECKING:
    from keystead.ports.paging import PageRequest

__all__ = ["create", "delete", "edit", "list_all", "read"]

_ORDER = "name"


async def list_all(call: Call) -> Answer:
    """GET /apis."""
    asked = call.query(APIQueryBody)
    page = await call.perform(
        apis.list_apis,
        asked.q,
        asked.owner,
        page_request(asked.page_size, asked.page_token, _ORDER),
    )
    items = tuple(list_item(api, scopes) for api, scopes in page.items)
    return as_answer(APIList(items, encode_cursor(page.next, _ORDER)))


async def create(call: Call) -> Answer:
    """POST /apis."""
    body = call.json(APINew, wrong_in)
    wish = wish_of(sent(body))
    return await call.change(
        lambda made: as_answer(api_answer(made), 201), apis.create_api, wish, call.issuer
    )


async def read(call: Call) -> Answer:
    """GET /apis/{id}."""
    return as_answer(api_answer(await call.perform(apis.read_api, call.path["id"])))


async def edit(call: Call) -> Answer:
    """PATCH /apis/{id}."""
    preview = _preview(call)
    body = call.json(APIEdit, wrong_in)
    api_id, wish = call.path["id"], wish_of(sent(body))
    if preview is not None:
        found = await call.perform(changes.preview_edit, api_id, wish, preview, body.revision)
        return as_answer(edited_answer(found))
    return await call.change(
        lambda edited: as_answer(edited_answer(edited)),
        changes.edit_api,
        api_id,
        wish,
        body.revision,
    )


async def delete(call: Call) -> Answer:
    """DELETE /apis/{id}."""
    preview = _preview(call)
    if preview is not None:
        found = await call.perform(changes.preview_delete, call.path["id"], preview)
        return as_answer(effect_answer(found))
    return await call.change(done, changes.delete_api, call.path["id"])


def _preview(call: Call) -> PageRequest | None:
    """Return the page of a change that is only tried; None where it is to be made."""
    asked = call.query(ChangeQueryBody)
    if asked.dry_run:
        return page_request(asked.page_size, asked.page_token, EFFECT_ORDER)
    wrong = [
        FieldError(name, "has no effect without dry_run=true")
        for name in ("page_size", "page_token")
        if getattr(asked, name) is not None
    ]
    if wrong:
        raise Invalid.of(*wrong)
    return None
