"""API catalogues: what can be allowed on an API, in groups → resources → actions, each with its words.

Keystead's own API is one of them, under the identifier `keystead`; users register others for APIs of theirs.
A scope is `<resource>:<action>`. It means nothing outside its API. Rows A8 to A12, C8 and C9 of
docs/features.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from keystead.core.clock import Instant
from keystead.policy.permissions import KEYSTEAD_API, RESOURCES, SENTENCES, Permission

__all__ = [
    "API",
    "APIs",
    "Action",
    "Algorithm",
    "Group",
    "OfflineNetworks",
    "Resource",
    "TokenFormat",
    "own_api",
]

TokenFormat = Literal["opaque", "jwt"]
Algorithm = Literal["ES256", "EdDSA", "RS256"]
OfflineNetworks = Literal["refused", "accepted"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done to a resource, and the sentence that says what it allows."""

    key: str
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """What actions are about; its key may have dots, as `deployments.networks`."""

    key: str
    actions: tuple[Action, ...]
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Resources that belong together, for whoever chooses among them."""

    key: str
    resources: tuple[Resource, ...]
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class API:
    """A registered API and its catalogue.

    Attributes:
        id: `api_…`.
        identifier: an absolute URI, which `resource` and `audience` name; immutable, never another API's.
        owner_id: who may change it, and grant its scopes.
        verifiers: owners besides him whose credentials may verify tokens for it.
        token_format: of access tokens minted for it.
        algorithm: that signs those that are JWTs.
        token_seconds: how long they live at most.
        offline_networks: whether a credential that is bound to networks may be given a JWT, which whoever
            verifies by himself cannot hold to them.
        revision: raised by each change, so that two editors cannot overwrite each other unseen.
    """

    id: str
    identifier: str
    name: str
    description: str
    owner_id: str
    verifiers: frozenset[str]
    token_format: TokenFormat
    algorithm: Algorithm
    token_seconds: int
    offline_networks: OfflineNetworks
    groups: tuple[Group, ...]
    created_by: str
    created_at: Instant
    modified_at: Instant
    revision: int = 1
    actions: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out each resource's actions, which every decision asks for."""
        found = {
            resource.key: tuple(action.key for action in resource.actions)
            for group in self.groups
            for resource in group.resources
        }
        object.__setattr__(self, "actions", found)


class APIs:
    """Every API of an installation, Keystead's own first."""

    __slots__ = ("_by_id", "_by_identifier")

    def __init__(self, registered: Iterable[API] = ()) -> None:
        """Know these besides Keystead's own."""
        self._by_identifier: Final = {KEYSTEAD_API: own_api()}
        self._by_identifier.update((api.identifier, api) for api in registered)
        self._by_id: Final = {api.id: api for api in self._by_identifier.values()}

    def __iter__(self) -> Iterator[API]:
        """Go through all of them."""
        return iter(self._by_identifier.values())

    def of_id(self, api_id: str) -> API | None:
        """Return the API with this id; Keystead's own has its identifier for one."""
        return self._by_id.get(api_id)

    def find(self, identifier: str) -> API | None:
        """Return the API of this identifier."""
        return self._by_identifier.get(identifier)

    def actions(self, identifier: str) -> Mapping[str, tuple[str, ...]]:
        """Return each resource's actions on an API; nothing on one that is not there."""
        api = self._by_identifier.get(identifier)
        return {} if api is None else api.actions

    def with_changed(self, changed: Mapping[str, API | None]) -> APIs:
        """Return them with some as they are now, by id; None of one that is there no more."""
        kept = {**self._by_id, **changed}
        return APIs(api for api in kept.values() if api is not None and api.id != KEYSTEAD_API)

    def verified_by(self, owner_id: str) -> tuple[API, ...]:
        """Return the registered APIs that an owner may verify for."""
        return tuple(
            api
            for api in self._by_identifier.values()
            if api.identifier != KEYSTEAD_API
            and (api.owner_id == owner_id or owner_id in api.verifiers)
        )


def own_api() -> API:
    """Return Keystead's own catalogue as one like any other."""
    return _OWN


def _words(key: str) -> str:
    return key.replace("-", " ").capitalize()


_NEVER: Final = Instant(0)
_OWN: Final = API(
    id=KEYSTEAD_API,
    identifier=KEYSTEAD_API,
    name="Keystead",
    description="Keystead's own API.",
    owner_id="",
    verifiers=frozenset(),
    token_format="opaque",  # noqa: S106  # a form, not a token
    algorithm="ES256",
    token_seconds=3600,
    offline_networks="refused",
    groups=tuple(
        Group(
            resource,
            (
                Resource(
                    resource,
                    tuple(
                        Action(
                            action, _words(action), SENTENCES[Permission(f"{resource}:{action}")]
                        )
                        for action in actions
                    ),
                    _words(resource),
                ),
            ),
            _words(resource),
        )
        for resource, actions in RESOURCES.items()
    ),
    created_by="",
    created_at=_NEVER,
    modified_at=_NEVER,
)
