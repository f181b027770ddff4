"""What the verbs about APIs share: who may change one, who may be named in it, how many there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UnsetType

from keystead.core.errors import Conflict, FieldError, Forbidden, NotFound
from keystead.operations.credentials.issuing import may_change_api
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.scopes import scopes_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from keystead.gate.acts.act import Act
    from keystead.gate.callers.caller import Caller
    from keystead.policy.catalogue.catalogue import API
    from keystead.policy.catalogue.wish import APIWish

__all__ = [
    "as_fact",
    "get_changeable",
    "require_owner",
    "require_room",
    "wrong_owners",
]

MAX_APIS_IN_ALL: Final = 1000
MAX_SCOPES_IN_ALL: Final = 50_000
"""Every process remembers every catalogue whole, so that no decision has to look for one."""

MAX_APIS_OF_OWNER: Final = 50
MAX_SCOPES_OF_OWNER: Final = 5000
"""Of whoever is no administrator, with the applications that he manages: nobody uses up what is for all."""

_MAX_TOLD: Final = 50
"""Scopes that one entry names; of more it says how many."""


async def get_changeable(act: Act, api_id: str) -> API:
    """Return an API that the caller may change; in an act, nobody else changes it meanwhile.

    Raises:
        NotFound: there is none.
        Forbidden: it is not his to change, though he may read it.
        Conflict: it is Keystead's own.
    """
    act.seek("api", api_id)
    if api_id == KEYSTEAD_API:
        raise Conflict(
            "wrong_state", "Keystead's own catalogue comes with it and cannot be changed"
        )
    api = await act.tx.apis.find(api_id)
    if api is None:
        raise NotFound("API")
    act.about("api", api.id, api.name)
    if may_change_api(act.caller, api):
        return api
    if act.caller.permits(Permission.APIS_READ):
        raise Forbidden(
            "insufficient_scope", "an API is changed by whoever manages its owner", rule="owner"
        )
    raise NotFound("API")


async def wrong_owners(act: Act, wish: APIWish, known: set[str]) -> list[FieldError]:
    """Return the fields of a wish that name an owner who does not exist, or a verifier of somebody else's.

    A verifier is shown tokens of the API by his own resource servers: he is made one by whoever manages him.
    Whom the caller does not manage is not looked for: whether he exists is not to be found out here. As an
    owner `require_owner` refuses him, too, whether he exists or not.

    Args:
        act: in progress.
        wish: what the API shall be.
        known: who exists, and needs nobody's leave.
    """
    named: dict[str, str] = {}
    if not isinstance(wish.verifiers, UnsetType):
        named |= {f"verifiers[{i}]": owner for i, owner in enumerate(wish.verifiers)}
    if not isinstance(wish.owner_id, UnsetType):
        named["owner_id"] = wish.owner_id
    new = set(named.values()) - known
    managed = {id_ for id_ in new if act.caller.reaches(id_, Permission.APIS_EDIT)}
    there = known | (await act.tx.owners.existing(managed) if managed else set())
    return [
        FieldError(field, "is no owner whom you manage")
        for field, id_ in named.items()
        if id_ not in there and (field != "owner_id" or id_ in managed)
    ]


def require_owner(caller: Caller, owner_id: str) -> None:
    """Refuse to make somebody the owner of an API whose APIs the caller may not manage."""
    if not caller.reaches(owner_id, Permission.APIS_EDIT):
        raise Forbidden(
            "insufficient_scope", "owner_id is no owner whose APIs you may manage", rule="owner"
        )


def require_room(caller: Caller, wanted: API) -> None:
    """Refuse an API that would be one too many, or have too many scopes; two at once may pass by one."""
    others = [api for api in caller.apis if api.id not in {KEYSTEAD_API, wanted.id}]
    if _are_too_many((*others, wanted), MAX_APIS_IN_ALL, MAX_SCOPES_IN_ALL):
        raise Conflict(
            "wrong_state",
            f"an installation has at most {MAX_APIS_IN_ALL} APIs with {MAX_SCOPES_IN_ALL} scopes in all",
        )
    mine = caller.owners_where(Permission.APIS_EDIT)
    if mine is None:
        return
    others = [api for api in others if api.owner_id in mine]
    if _are_too_many((*others, wanted), MAX_APIS_OF_OWNER, MAX_SCOPES_OF_OWNER):
        raise Conflict(
            "wrong_state",
            f"an owner and the applications that he manages have at most {MAX_APIS_OF_OWNER} APIs with "
            f"{MAX_SCOPES_OF_OWNER} scopes in all, unless an administrator registers them",
        )


def _are_too_many(apis: Collection[API], most: int, most_scopes: int) -> bool:
    scopes = sum(len(scopes_of(api.actions)) for api in apis)
    return len(apis) > most or scopes > most_scopes


def as_fact(name: str, found: Iterable[str]) -> dict[str, str | int]:
    """Return the names in one fact, or their number where they are many."""
    names = sorted(found)
    if not names:
        return {}
    return {name: ",".join(names) if len(names) <= _MAX_TOLD else len(names)}
