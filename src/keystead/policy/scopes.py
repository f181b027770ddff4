"""Scopes and levels: what a credential was given, and the permissions that follow from it.

A scope is `<resource>:<action>` within one API. A level (`read` or `write` of a resource) is a preset over
scopes that is kept as a level, so that it takes in operations added later (row C9).
"""

from __future__ import annotations

from collections.abc import Mapping  # the store decodes Access by its annotations
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from keystead.core.errors import FieldError
from keystead.policy.permissions import KEYSTEAD_API, RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.policy.catalogue.catalogue import APIs

__all__ = [
    "MAX_APIS",
    "MAX_SCOPES",
    "Access",
    "Level",
    "expand",
    "levels_held",
    "levels_of",
    "scopes_for",
    "scopes_of",
    "wrong_access",
]

Level = Literal["read", "write"]

MAX_SCOPES: Final = 200
"""Scopes and levels that one credential may hold; no catalogue of ours comes near it."""

MAX_APIS: Final = 50
"""APIs that one credential may have access to."""

_READ: Final = ("list", "read")
_WRITE: Final = ("list", "read", "create", "edit", "delete")


@dataclass(frozen=True, slots=True)
class Access:
    """What a credential was given on one API, as it was given.

    Attributes:
        api: the API's identifier; `keystead` is Keystead's own.
        scopes: single operations.
        levels: resource to level.
    """

    api: str
    scopes: tuple[str, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=dict)


def levels_of(resource: str, actions: Mapping[str, tuple[str, ...]]) -> dict[Level, frozenset[str]]:
    """Return the levels that exist on a resource, each with its scopes.

    Level *write* is the operation `write` where there is one (with its reading half), and otherwise
    list, read, create, edit and delete. Neither ever holds rotate, revoke, approve, force or export.
    """
    offered = actions[resource]
    read = [action for action in _READ if action in offered]
    write = [*read, "write"] if "write" in offered else [a for a in _WRITE if a in offered]
    found: dict[Level, frozenset[str]] = {}
    if read:
        found["read"] = frozenset(f"{resource}:{action}" for action in read)
    if len(write) > len(read):
        found["write"] = frozenset(f"{resource}:{action}" for action in write)
    return found


def expand(access: Access, actions: Mapping[str, tuple[str, ...]] = RESOURCES) -> frozenset[str]:
    """Return every scope that follows from what was given, on an API with these actions.

    The only implication is that `write` takes in `read` of the same resource (Law 7), also where there is
    nothing to write any more. A level takes in operations that its resource was given later; a scope that the
    API has no more is nothing.
    """
    found = set(access.scopes)
    for resource, level in access.levels.items():
        if resource in actions:
            levels = levels_of(resource, actions)
            found |= levels.get(level, levels.get("read", frozenset()))
    found |= {
        f"{scope[: -len(':write')]}:read"
        for scope in access.scopes
        if scope.endswith(":write") and "read" in actions.get(scope[: -len(":write")], ())
    }
    return frozenset(scope for scope in found if _is_there(scope, actions))


def _is_there(scope: str, actions: Mapping[str, tuple[str, ...]]) -> bool:
    # Asked at every use: looking for a few is quicker than making a set of a thousand.
    resource, _, action = scope.partition(":")
    return action in actions.get(resource, ())


def scopes_of(actions: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return every scope of an API with these actions."""
    return {f"{resource}:{action}" for resource, found in actions.items() for action in found}


def scopes_for(
    api: str, access: Iterable[Access], actions: Mapping[str, tuple[str, ...]] = RESOURCES
) -> frozenset[str]:
    """Return the scopes held on one API; those of another API mean nothing there."""
    found: frozenset[str] = frozenset()
    for entry in access:
        if entry.api == api:
            found |= expand(entry, actions)
    return found


def levels_held(levels: Mapping[str, Level], api: str, access: Iterable[Access]) -> bool:
    """Say whether all these levels are held on an API as levels, or in a greater one.

    The scopes of a level are not enough: a level takes in what is added later, and they do not.
    """
    held = [entry.levels for entry in access if entry.api == api]
    return all(
        any(each.get(resource) in {level, "write"} for each in held)
        for resource, level in levels.items()
    )


def wrong_access(access: tuple[Access, ...], apis: APIs | None = None) -> list[FieldError]:
    """Return every wrong scope, level or API, each by its field.

    At least one scope or level must be chosen: nothing is preselected (Law 7).

    Args:
        access: as it was asked for.
        apis: those that there are; None at a door, which leaves registered ones to the verb.
    """
    wrong: list[FieldError] = []
    seen: set[str] = set()
    for i, entry in enumerate(access):
        where = f"access[{i}]"
        actions = _actions(entry.api, apis)
        if actions is None:
            wrong.append(FieldError(f"{where}.api", "no API of this name is registered"))
            continue
        if entry.api in seen:
            wrong.append(FieldError(f"{where}.api", "stands twice; join the two entries"))
        seen.add(entry.api)
        if apis is not None or entry.api == KEYSTEAD_API:
            wrong += _wrong_scopes(where, entry, actions)
    if not any(entry.scopes or entry.levels for entry in access):
        wrong.append(FieldError("access", "at least one scope or level must be chosen"))
    if sum(len(entry.scopes) + len(entry.levels) for entry in access) > MAX_SCOPES:
        wrong.append(FieldError("access", f"at most {MAX_SCOPES} scopes and levels"))
    return wrong


def _actions(identifier: str, apis: APIs | None) -> Mapping[str, tuple[str, ...]] | None:
    if apis is None:
        return RESOURCES if identifier == KEYSTEAD_API else {}
    api = apis.find(identifier)
    return None if api is None else api.actions


def _wrong_scopes(
    where: str, entry: Access, actions: Mapping[str, tuple[str, ...]]
) -> Iterable[FieldError]:
    for j, scope in enumerate(entry.scopes):
        if not _is_there(scope, actions):
            yield FieldError(f"{where}.scopes[{j}]", "is no scope of this API")
    for resource, level in entry.levels.items():
        if resource not in actions:
            yield FieldError(f"{where}.levels", f"{resource[:64]!r} is no resource of this API")
        elif level not in levels_of(resource, actions):
            yield FieldError(f"{where}.levels.{resource}", f"has no level {level!r}")
