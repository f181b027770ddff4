"""How APIs look when they are answered, and for whom a change of one matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keystead.api.instants import text_of
from keystead.policy.catalogue.catalogue import API, Algorithm, OfflineNetworks, TokenFormat
from keystead.policy.scopes import Level, levels_of
from keystead.web.query import encode_cursor

if TYPE_CHECKING:
    from keystead.operations.catalogue.changes import Edited
    from keystead.operations.catalogue.effects import Affected, Effect
    from keystead.policy.catalogue.catalogue import Resource

__all__ = [
    "EFFECT_ORDER",
    "APIAnswer",
    "APIEdited",
    "APIList",
    "EffectAnswer",
    "api_answer",
    "edited_answer",
    "effect_answer",
    "list_item",
]

EFFECT_ORDER = "id"
"""The order of the credentials that an effect names, which its page tokens belong to."""


class APIActionAnswer(Struct, frozen=True):
    """One operation: its scope, what it allows, and the lesser level that takes it in, if one does."""

    key: str
    label: str
    description: str
    scope: str
    level: Level | None


class APIResourceAnswer(Struct, frozen=True):
    """What operations are about, and the levels that it can be given at."""

    key: str
    label: str
    description: str
    levels: tuple[Level, ...]
    actions: tuple[APIActionAnswer, ...]


class APIGroupAnswer(Struct, frozen=True):
    """Resources that belong together."""

    key: str
    label: str
    description: str
    resources: tuple[APIResourceAnswer, ...]


class APIListItem(Struct, frozen=True):
    """An API without its catalogue; `scopes` is how many that has."""

    id: str
    identifier: str
    name: str
    description: str
    owner_id: str
    token_format: TokenFormat
    token_seconds: int
    scopes: int
    created_at: str | None
    modified_at: str | None


class APIList(Struct, frozen=True):
    """A page of APIs."""

    items: tuple[APIListItem, ...]
    next_page_token: str | None


class APIAnswer(Struct, frozen=True):
    """An API with its catalogue.

    `algorithm` and `offline_networks` are null where tokens are opaque. Keystead's own API belongs to nobody
    and has no instants: it comes with the program.
    """

    id: str
    identifier: str
    name: str
    description: str
    owner_id: str
    verifiers: tuple[str, ...]
    token_format: TokenFormat
    algorithm: Algorithm | None
    token_seconds: int
    offline_networks: OfflineNetworks | None
    groups: tuple[APIGroupAnswer, ...]
    created_by: str
    created_at: str | None
    modified_at: str | None
    revision: int


class AffectedAnswer(Struct, frozen=True):
    """A credential for which a change matters, and the scopes that it gains and loses."""

    id: str
    name: str
    kind: str
    owner_id: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]


class EffectAnswer(Struct, frozen=True):
    """For whom a change matters.

    `credentials` counts those for which something changes, `gaining` and `losing` those of them that gain or
    lose a scope. `items` names the ones that the caller may list. `complete` is false where only the first
    10,000 credentials with access were looked at.
    """

    credentials: int
    gaining: int
    losing: int
    complete: bool
    items: tuple[AffectedAnswer, ...]
    next_page_token: str | None


class APIEdited(APIAnswer, frozen=True, kw_only=True):
    """An API after a change, or as it would be, and for whom that matters."""

    effect: EffectAnswer


def list_item(api: API, scopes: int) -> APIListItem:
    """Return an API as a list shows it."""
    return APIListItem(
        api.id,
        api.identifier,
        api.name,
        api.description,
        api.owner_id,
        api.token_format,
        api.token_seconds,
        scopes,
        text_of(api.created_at or None),
        text_of(api.modified_at or None),
    )


def api_answer(api: API) -> APIAnswer:
    """Return an API."""
    return APIAnswer(**_fields(api))


def edited_answer(edited: Edited) -> APIEdited:
    """Return an API that was changed."""
    return APIEdited(**_fields(edited.api), effect=effect_answer(edited.effect))


def effect_answer(effect: Effect) -> EffectAnswer:
    """Return for whom a change matters."""
    return EffectAnswer(
        credentials=effect.credentials,
        gaining=effect.gaining,
        losing=effect.losing,
        complete=effect.complete,
        items=tuple(_affected(each) for each in effect.shown.items),
        next_page_token=encode_cursor(effect.shown.next, EFFECT_ORDER),
    )


def _fields(api: API) -> dict[str, Any]:
    signed = api.token_format == "jwt"  # noqa: S105  # a form, not a token
    return {
        "id": api.id,
        "identifier": api.identifier,
        "name": api.name,
        "description": api.description,
        "owner_id": api.owner_id,
        "verifiers": tuple(sorted(api.verifiers)),
        "token_format": api.token_format,
        "algorithm": api.algorithm if signed else None,
        "token_seconds": api.token_seconds,
        "offline_networks": api.offline_networks if signed else None,
        "groups": tuple(
            APIGroupAnswer(
                g.key, g.label, g.description, tuple(_resource(api, r) for r in g.resources)
            )
            for g in api.groups
        ),
        "created_by": api.created_by,
        "created_at": text_of(api.created_at or None),
        "modified_at": text_of(api.modified_at or None),
        "revision": api.revision,
    }


def _resource(api: API, resource: Resource) -> APIResourceAnswer:
    levels = levels_of(resource.key, api.actions)
    scopes = [f"{resource.key}:{action.key}" for action in resource.actions]
    # Read stands before write, which takes it in.
    level_of = {scope: level for level in reversed(levels) for scope in levels[level]}
    return APIResourceAnswer(
        resource.key,
        resource.label,
        resource.description,
        tuple(levels),
        tuple(
            APIActionAnswer(
                action.key, action.label, action.description, scope, level_of.get(scope)
            )
            for action, scope in zip(resource.actions, scopes, strict=True)
        ),
    )


def _affected(each: Affected) -> AffectedAnswer:
    holder = each.holder
    return AffectedAnswer(
        holder.credential_id, holder.name, holder.kind, holder.owner_id, each.gains, each.loses
    )
