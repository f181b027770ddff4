"""What is sent about APIs: bodies and parameters, and the wish that is in a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.policy.catalogue.catalogue import (
    Action,
    Algorithm,
    Group,
    OfflineNetworks,
    Resource,
    TokenFormat,
)
from keystead.policy.catalogue.wish import (
    MAX_ACTIONS,
    MAX_DESCRIPTION,
    MAX_GROUPS,
    MAX_IDENTIFIER,
    MAX_KEY,
    MAX_RESOURCES,
    MAX_SENTENCE,
    MAX_TOKEN_SECONDS,
    MAX_VERIFIERS,
    MIN_TOKEN_SECONDS,
    APIWish,
)
from keystead.web.identifiers import Id
from keystead.web.query import PageSize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.core.errors import FieldError

__all__ = [
    "APIEdit",
    "APINew",
    "APIQueryBody",
    "ActionBody",
    "ChangeQueryBody",
    "GroupBody",
    "ResourceBody",
    "wish_of",
    "wrong_in",
]

Identifier = Annotated[
    str,
    Meta(
        max_length=MAX_IDENTIFIER,
        description="an absolute URI without fragment, of no other API; it never changes",
    ),
]
Name = Annotated[str, Meta(description="1 to 255 printable characters")]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION)]
Sentence = Annotated[str, Meta(max_length=MAX_SENTENCE)]
Verifiers = Annotated[
    tuple[Id, ...],
    Meta(
        max_length=MAX_VERIFIERS,
        description="ids of owners whose credentials may verify tokens for it, besides its owner's",
    ),
]
Seconds = Annotated[int, Meta(ge=MIN_TOKEN_SECONDS, le=MAX_TOKEN_SECONDS)]
Key = Annotated[
    str,
    Meta(
        max_length=MAX_KEY,
        description="of a-z, 0-9, '.', '_', '-', a letter or digit first; an action's has no '.'",
    ),
]


class ActionBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """One thing that can be done to a resource, and the sentence that says what it allows."""

    key: Key
    label: str = ""
    description: Sentence = ""


class ResourceBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What actions are about; its key is unique in the API."""

    key: Key
    label: str = ""
    description: Sentence = ""
    actions: Annotated[tuple[ActionBody, ...], Meta(max_length=MAX_ACTIONS)]


class GroupBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Resources that belong together."""

    key: Key
    label: str = ""
    description: Sentence = ""
    resources: Annotated[tuple[ResourceBody, ...], Meta(max_length=MAX_RESOURCES)]


Groups = Annotated[tuple[GroupBody, ...], Meta(max_length=MAX_GROUPS)]


class APINew(Struct, forbid_unknown_fields=True, kw_only=True):
    """An API to register; `algorithm` and `offline_networks` are for token format `jwt` alone."""

    identifier: Identifier
    name: Name
    description: Description | UnsetType = UNSET
    owner_id: Id | UnsetType = UNSET
    verifiers: Verifiers | UnsetType = UNSET
    token_format: TokenFormat | UnsetType = UNSET
    algorithm: Algorithm | UnsetType = UNSET
    token_seconds: Seconds | UnsetType = UNSET
    offline_networks: OfflineNetworks | UnsetType = UNSET
    groups: Groups | UnsetType = UNSET


class APIEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; `verifiers` and `groups` are replaced whole.

    With `revision` the change is made to that revision of the API, or to none.
    """

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    owner_id: Id | UnsetType = UNSET
    verifiers: Verifiers | UnsetType = UNSET
    token_format: TokenFormat | UnsetType = UNSET
    algorithm: Algorithm | UnsetType = UNSET
    token_seconds: Seconds | UnsetType = UNSET
    offline_networks: OfflineNetworks | UnsetType = UNSET
    groups: Groups | UnsetType = UNSET
    revision: int | UnsetType = UNSET


class APIQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list; each one given must match."""

    owner: Id | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    page_token: str | None = None
    page_size: PageSize | None = None


class ChangeQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether a change is only tried, and which of the credentials are named that it matters for."""

    dry_run: bool = False
    page_token: str | None = None
    page_size: PageSize | None = None


def wish_of(given: Mapping[str, Any]) -> APIWish:
    """Return the wish in the fields that were sent, or in as many as could be decoded."""
    fields = {name: given[name] for name in APIWish.__slots__ if name in given}
    if fields.get("groups", UNSET) is not UNSET:
        fields["groups"] = _groups(fields["groups"])
    return APIWish(**fields)


def wrong_in(given: Mapping[str, Any]) -> list[FieldError]:
    """Return what is wrong besides in a body that is refused anyway."""
    return wish_of(given).wrong_alone()


def _groups(sent: Iterable[GroupBody]) -> tuple[Group, ...]:
    return tuple(
        Group(g.key, tuple(_resource(r) for r in g.resources), g.label, g.description) for g in sent
    )


def _resource(sent: ResourceBody) -> Resource:
    actions = tuple(Action(a.key, a.label, a.description) for a in sent.actions)
    return Resource(sent.key, actions, sent.label, sent.description)
