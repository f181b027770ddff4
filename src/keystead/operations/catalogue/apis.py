"""Verbs that list, read and register APIs. Rows A8 to A12, C8, C9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from keystead.core.errors import FieldError, Invalid, NotFound
from keystead.core.ids import new_id
from keystead.core.names import clean_name, name_key
from keystead.gate.acts.operation import Told, operation
from keystead.operations.catalogue.rules import (
    as_fact,
    require_owner,
    require_room,
    wrong_owners,
)
from keystead.policy.catalogue.catalogue import API
from keystead.policy.catalogue.wish import DEFAULT_TOKEN_SECONDS
from keystead.policy.permissions import Permission
from keystead.policy.scopes import scopes_of
from keystead.ports.paging import Page, PageRequest

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.policy.catalogue.wish import APIWish

__all__ = ["create_api", "list_apis", "read_api"]


@operation("api.list", needs=Permission.APIS_LIST, told=Told.COUNTED)
async def list_apis(
    act: Act, q: str | None, owner_id: str | None, page: PageRequest
) -> Page[tuple[API, int]]:
    """List every API by name, Keystead's own among them, each with the number of its scopes."""
    wanted = name_key(q or "")
    fitting = [
        (name_key(api.name), api.id, api)
        for api in act.caller.apis
        if owner_id in {None, api.owner_id} and _holds(api, wanted)
    ]
    fitting.sort(key=lambda each: each[:2])
    if page.after is not None:
        start = (str(page.after[0]), page.after[1])
        fitting = [each for each in fitting if each[:2] > start]
    shown = fitting[: page.size]
    next_ = shown[-1][:2] if len(fitting) > page.size else None
    return Page(tuple((api, len(scopes_of(api.actions))) for _, _, api in shown), next_)


@operation("api.read", needs=Permission.APIS_READ, told=Told.COUNTED)
async def read_api(act: Act, api_id: str) -> API:
    """Read one API with its catalogue."""
    act.seek("api", api_id)
    api = act.caller.apis.of_id(api_id)
    if api is None:
        raise NotFound("API")
    return api


@operation("api.create", needs=Permission.APIS_EDIT, told=Told.ENTERED)
async def create_api(act: Act, wish: APIWish, issuer: str = "") -> API:
    """Register an API.

    Args:
        act: in progress.
        wish: what it shall be.
        issuer: this installation's URL, which as a resource stands for Keystead's own API.

    Raises:
        Invalid: a field is wrong or missing, with every such field.
        Forbidden: its owner is not one whom the caller manages.
        Conflict: the identifier is another's, or was; or there are too many APIs.
    """
    wrong = wish.wrong()
    wrong += [
        FieldError(field, "is required")
        for field in ("identifier", "name")
        if getattr(wish, field) is UNSET
    ]
    if wish.identifier and _stem(wish.identifier) == _stem(issuer):
        wrong.append(FieldError("identifier", "is this installation's own URL"))
    owner_id = act.caller.owner_id if wish.owner_id is UNSET else wish.owner_id
    if not owner_id:
        wrong.append(FieldError("owner_id", "is required"))
    wrong += await wrong_owners(act, wish, {act.caller.owner_id})
    if wrong:
        raise Invalid.of(*wrong)
    act.seek("owner", owner_id)
    require_owner(act.caller, owner_id)
    new = API(
        id=new_id("api"),
        identifier=wish.identifier or "",
        name=clean_name(wish.name or ""),
        description="",
        owner_id=owner_id,
        verifiers=frozenset(),
        token_format="opaque",  # noqa: S106  # a form, not a token
        algorithm="ES256",
        token_seconds=DEFAULT_TOKEN_SECONDS,
        offline_networks="refused",
        groups=(),
        created_by=act.caller.owner_id,
        created_at=act.at,
        modified_at=act.at,
        revision=0,
    )
    made = wish.edited(new, act.at)
    scopes = scopes_of(made.actions)
    act.about("api", made.id, made.name, identifier=made.identifier, owner=owner_id)
    act.about("api", made.id, made.name, **as_fact("scopes", scopes))
    require_room(act.caller, made)
    await act.tx.apis.insert(made)
    return made


def _stem(url: str) -> str:
    return name_key(url).rstrip("/")


def _holds(api: API, text: str) -> bool:
    searched = (api.name, api.identifier, api.description, api.id)
    return any(text in name_key(each) for each in searched)
