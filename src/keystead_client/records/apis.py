"""APIs, their catalogues, and for whom a change of one matters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from keystead_client.records.common import Raw

__all__ = [
    "API",
    "APIAction",
    "APIChange",
    "APIGroup",
    "APIResource",
    "APISummary",
    "Affected",
    "Effect",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class APIAction:
    """One operation: its scope, what it allows, and the lesser level that takes it in.

    `level` is None where the operation is given by its scope alone.
    """

    key: str
    label: str = ""
    description: str = ""
    scope: str
    level: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class APIResource:
    """What operations are about, and the levels (`read`, `write`) that it can be given at."""

    key: str
    label: str = ""
    description: str = ""
    levels: tuple[str, ...]
    actions: tuple[APIAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class APIGroup:
    """Resources that belong together."""

    key: str
    label: str = ""
    description: str = ""
    resources: tuple[APIResource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class API:
    """An API and its catalogue.

    `algorithm` and `offline_networks` are None where tokens are opaque. Keystead's own API, whose id
    and identifier are `keystead`, belongs to nobody and has no instants.
    """

    id: str
    identifier: str
    name: str
    description: str = ""
    owner_id: str = ""
    verifiers: tuple[str, ...]
    token_format: str
    algorithm: str | None
    token_seconds: int
    offline_networks: str | None
    groups: tuple[APIGroup, ...]
    created_by: str = ""
    created_at: datetime | None
    modified_at: datetime | None
    revision: int
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class APISummary:
    """An API as a list shows it, with the number of its scopes."""

    id: str
    identifier: str
    name: str
    description: str = ""
    owner_id: str = ""
    token_format: str
    token_seconds: int
    scopes: int
    created_at: datetime | None
    modified_at: datetime | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A credential for which a change matters, and the scopes that it gains and loses."""

    id: str
    name: str
    kind: str
    owner_id: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """For whom a change matters.

    `credentials` counts those for which something changes, `gaining` and `losing` those of them that
    gain or lose a scope. `items` are the ones that the caller may list, a page of them. `complete` is
    False where only the first 10,000 credentials with access were looked at.
    """

    credentials: int
    gaining: int
    losing: int
    complete: bool
    items: tuple[Affected, ...]
    next_page_token: str | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class APIChange:
    """An API as it was changed, or would be, and for whom that matters."""

    api: API
    effect: Effect
    raw: Raw = field(repr=False, compare=False)
