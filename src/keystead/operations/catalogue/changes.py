"""Verbs that change and delete APIs, and that say before for whom it would matter. Rows C8, C9."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from keystead.core.errors import Invalid, Overtaken
from keystead.gate.acts.operation import Told, operation
from keystead.operations.catalogue.effects import NO_EFFECT, Effect, effect_of
from keystead.operations.catalogue.rules import (
    as_fact,
    get_changeable,
    require_owner,
    require_room,
    wrong_owners,
)
from keystead.operations.credentials.issuing import may_change_api
from keystead.policy.permissions import Permission
from keystead.policy.scopes import scopes_of
from keystead.ports.paging import PageRequest

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation
    from keystead.policy.catalogue.catalogue import API
    from keystead.policy.catalogue.wish import APIWish
    from keystead.ports.store import Tx

__all__ = ["Edited", "delete_api", "edit_api", "preview_delete", "preview_edit"]


@dataclass(frozen=True, slots=True)
class Edited:
    """An API as it was changed, or would be, and for whom that matters."""

    api: API
    effect: Effect


@dataclass(frozen=True, slots=True)
class Foreseen:
    """For whom a change matters, as it was found out before the act.

    Attributes:
        revision: the API's, to which it would be made.
    """

    revision: int
    effect: Effect


async def _foresee_edit(
    slow: Preparation, api_id: str, wish: APIWish, _revision: int | UnsetType = UNSET, /
) -> Foreseen | None:
    """Return for whom an edit matters; None where it cannot be made, which the act will say."""
    if wish.groups is UNSET:
        return None

    async def look(tx: Tx) -> Foreseen | None:
        before = await tx.apis.find(api_id)
        if before is None or not may_change_api(slow.caller, before) or wish.wrong(before):
            return None
        after = wish.edited(before, slow.at)
        found = await effect_of(tx, slow.caller, before, after, PageRequest())
        return Foreseen(before.revision, found)

    return await slow.read(look)


@operation("api.edit", needs=Permission.APIS_EDIT, told=Told.ENTERED, prepare=_foresee_edit)
async def edit_api(
    act: Act,
    foreseen: Foreseen | None,
    api_id: str,
    wish: APIWish,
    revision: int | UnsetType = UNSET,
) -> Edited:
    """Change an API; what its catalogue loses is lost by every credential at once (Law 3).

    Raises:
        Invalid: a field is wrong, with every such field.
        Forbidden: the API, or its new owner, is not the caller's to manage.
        Conflict: it is not at this revision any more, or there are too many scopes.
    """
    before = await get_changeable(act, api_id)
    after = await _judged(act, before, wish, revision)
    effect = NO_EFFECT if wish.groups is UNSET else _still(foreseen, before)
    changed = [f for f in wish.__slots__ if getattr(before, f) != getattr(after, f)]
    act.about("api", after.id, after.name, changed=",".join(changed))
    act.about("api", after.id, after.name, **_facts_of(before, after), **_counts(effect))
    if not await act.tx.apis.save(after, before.revision):
        raise Overtaken
    return Edited(after, effect)


@operation(
    "api.preview_edit", needs=Permission.APIS_EDIT, told=Told.COUNTED, verb="api.edit", browses=True
)
async def preview_edit(
    act: Act,
    api_id: str,
    wish: APIWish,
    page: PageRequest,
    revision: int | UnsetType = UNSET,
) -> Edited:
    """Say what an edit would make of an API, and for whom it would matter; nothing is changed.

    Raises:
        Invalid, Forbidden, Conflict: as the edit would.
    """
    before = await get_changeable(act, api_id)
    after = await _judged(act, before, wish, revision)
    return Edited(after, await effect_of(act.tx, act.caller, before, after, page))


async def _foresee_delete(slow: Preparation, api_id: str) -> Foreseen | None:
    """Return for whom a deletion matters; None where it cannot be made, which the act will say."""

    async def look(tx: Tx) -> Foreseen | None:
        before = await tx.apis.find(api_id)
        if before is None or not may_change_api(slow.caller, before):
            return None
        found = await effect_of(tx, slow.caller, before, None, PageRequest(1))
        return Foreseen(before.revision, found)

    return await slow.read(look)


@operation("api.delete", needs=Permission.APIS_EDIT, told=Told.ENTERED, prepare=_foresee_delete)
async def delete_api(act: Act, foreseen: Foreseen | None, api_id: str) -> None:
    """Delete an API; access to it is access to nothing from now on (Law 3).

    Raises:
        Forbidden: it is not the caller's to manage.
    """
    before = await get_changeable(act, api_id)
    effect = _still(foreseen, before)
    act.about("api", before.id, before.name, identifier=before.identifier, **_counts(effect))
    if not await act.tx.apis.bury(before, act.at):
        raise Overtaken


@operation(
    "api.preview_delete",
    needs=Permission.APIS_EDIT,
    told=Told.COUNTED,
    verb="api.delete",
    browses=True,
)
async def preview_delete(act: Act, api_id: str, page: PageRequest) -> Effect:
    """Say for whom it would matter if an API were deleted; nothing is changed."""
    return await effect_of(act.tx, act.caller, await get_changeable(act, api_id), None, page)


async def _judged(act: Act, before: API, wish: APIWish, revision: int | UnsetType) -> API:
    """Return the API as it is wished, if that can be."""
    wrong = wish.wrong(before)
    wrong += await wrong_owners(act, wish, {before.owner_id, *before.verifiers})
    if wrong:
        raise Invalid.of(*wrong)
    if revision not in {UNSET, before.revision}:
        raise Overtaken
    after = wish.edited(before, act.at)
    if after.owner_id != before.owner_id:
        # Whoever gives it away and whoever is given it: both must be the caller's to manage.
        require_owner(act.caller, after.owner_id)
    if len(scopes_of(after.actions)) > len(scopes_of(before.actions)):
        require_room(act.caller, after)
    return after


def _still(foreseen: Foreseen | None, before: API) -> Effect:
    """Return what was foreseen, if it was of the API as it is."""
    if foreseen is None or foreseen.revision != before.revision:
        raise Overtaken
    return foreseen.effect


def _facts_of(before: API, after: API) -> dict[str, str | int]:
    """Return who verifies and owns it anew or no more, and which scopes came and went."""
    facts: dict[str, str | int] = {}
    if before.owner_id != after.owner_id:
        facts |= {"from": before.owner_id, "to": after.owner_id}
    had, has = scopes_of(before.actions), scopes_of(after.actions)
    for name, come, gone in (
        ("verifiers", after.verifiers - before.verifiers, before.verifiers - after.verifiers),
        ("scopes", has - had, had - has),
    ):
        facts |= as_fact(f"{name}_added", come) | as_fact(f"{name}_removed", gone)
    return facts


def _counts(effect: Effect) -> dict[str, int]:
    if not effect.credentials:
        return {}
    return {"gaining": effect.gaining, "losing": effect.losing}
