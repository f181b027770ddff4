"""What an access token is granted: of what is held now, no more than was asked for, API by API.

A scope means nothing outside its API. Where several APIs are asked for at once, each is granted those of the
scopes asked for that are held on it (RFC 8707 §2.2). Rows A18 and A19.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from keystead.core.errors import Invalid, Refused
from keystead.policy.scopes import scopes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.policy.catalogue.catalogue import API

__all__ = ["granted", "read_scope", "same_on_all"]

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


def read_scope(text: str) -> frozenset[str]:
    """Return the scopes of a `scope` parameter (RFC 6749 §3.3).

    Raises:
        Invalid: `invalid_scope`, it has another form.
    """
    if _SCOPE.fullmatch(text) is None:
        raise Invalid(
            "scope must be scopes separated by single spaces, of printable ASCII characters",
            code="invalid_scope",
        )
    return frozenset(text.split(" "))


def granted(
    asked: frozenset[str] | None, held: Mapping[str, frozenset[str]], apis: Iterable[API]
) -> dict[str, tuple[str, ...]]:
    """Return the scopes granted on each API, sorted.

    Args:
        asked: None for all that is held.
        held: what is held on each API, by identifier.
        apis: those that are asked for.

    Raises:
        Refused: `invalid_scope`, a scope is held on none of them, or one of them is left with none.
    """
    apis = tuple(apis)
    found = {
        api.identifier: held[api.identifier] if asked is None else held[api.identifier] & asked
        for api in apis
    }
    if asked is not None and (lacking := asked.difference(*found.values())):
        raise _refused(_told_of(lacking, apis), "scope not held")
    if not all(found.values()):
        raise _refused("none of the scopes asked for is held on an API asked for", "scope: nothing")
    return {identifier: tuple(sorted(scopes)) for identifier, scopes in found.items()}


def same_on_all(
    scopes: Mapping[str, Iterable[str]], apis: Iterable[API]
) -> tuple[frozenset[str], bool]:
    """Return the scopes that may be told of several APIs in one list, and whether these are all.

    One that is granted on one API, and exists on another where it is not, would be taken for granted there.
    What scopes mean is for their owner to say: of several owners' APIs, what is granted on each is told.
    """
    apis = tuple(apis)
    if len(apis) == 1:
        return frozenset(scopes[apis[0].identifier]), True
    union = frozenset(scope for api in apis for scope in scopes[api.identifier])
    told = union.difference(
        *(scopes_of(api.actions).difference(scopes[api.identifier]) for api in apis)
    )
    if len({api.owner_id for api in apis}) > 1:
        told = told.intersection(*(scopes[api.identifier] for api in apis))
    return told, told == union


def _told_of(lacking: Iterable[str], apis: tuple[API, ...]) -> str:
    # Only what stands in a catalogue is repeated: a client may have sent anything.
    known = {scope for api in apis for scope in scopes_of(api.actions)}
    named = sorted(known.intersection(lacking))
    if named:
        return f"{named[0]} is not held on the API asked for"
    return "a scope asked for is none of the API's"


def _refused(detail: str, rule: str) -> Refused:
    return Refused("invalid_scope", detail, rule=rule)
