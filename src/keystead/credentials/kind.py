"""What a credential kind is, and the table of them.

A kind says only what is its own; finding, bounding, deciding and telling are the gate's, the same for all.
What a kind may be used for stands in `policy.permissions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

from keystead.core.errors import FieldError
from keystead.policy.key_admin import KEY_ADMIN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ACCESS_TOKEN",
    "API_TOKEN",
    "CREATED",
    "KINDS",
    "KINDS_BY_MARK",
    "CreatedKind",
    "Kind",
    "wrong_kind",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of credential.

    Attributes:
        name: the word in `kind` fields, such as `api_token`.
        marks: each type of it, and the letter after `ks` in its tokens.
        is_pair: it is presented by a public id and a secret, also by HTTP Basic; it may ask for access
            tokens.
        is_minted: nobody creates it, it is given to another credential and ends with it.
        is_for_apis: a client may show it to an API, which may ask what it is worth.
        has_keys: it may register public keys in place of a secret.
        has_new_ids: `refresh` replaces its id along with its secret.
        has_max_uses: it may be good for a number of uses; what it was given would end with the last one.
    """

    name: str
    marks: Mapping[str, str]
    is_pair: bool = False
    is_minted: bool = False
    is_for_apis: bool = True
    has_keys: bool = False
    has_new_ids: bool = False
    has_max_uses: bool = False


API_TOKEN: Final = Kind("api_token", {"static": "t"}, has_max_uses=True)
"""One secret text that a script presents as it is (rows S1, S2, S11)."""

_API_KEY: Final = Kind("api_key", {"static": "k", KEY_ADMIN: "k"}, is_pair=True, has_new_ids=True)
"""A public id and a secret, presented alone or as a pair (rows C1, C16 to C25)."""

_OAUTH_CLIENT: Final = Kind(
    "oauth_client", {"static": "c"}, is_pair=True, is_for_apis=False, has_keys=True
)
"""What asks for access tokens, by a secret or by signing; what it holds bounds them (rows A16, A17, K3)."""

ACCESS_TOKEN: Final = Kind("access_token", {"minted": "a"}, is_minted=True)
"""What a pair is given (rows A18, A19); a JWT is one too, and has no mark."""

_ALL: Final = (API_TOKEN, _API_KEY, _OAUTH_CLIENT, ACCESS_TOKEN)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind by its name."""

KINDS_BY_MARK: Final[Mapping[str, Kind]] = MappingProxyType(
    {mark: kind for kind in _ALL for mark in kind.marks.values()}
)
"""Every kind by its tokens' marks; a mark that is not here is nobody's."""

CreatedKind = Literal["api_token", "api_key", "oauth_client"]

CREATED: Final[tuple[CreatedKind, ...]] = get_args(CreatedKind)
"""The kinds that somebody creates and lists; the others are minted from them."""


def wrong_kind(kind: object, type_: object) -> list[FieldError]:
    """Return what is wrong with the kind and the type of a credential that is to be made."""
    if kind not in CREATED:
        return [FieldError("kind", f"must be one of {', '.join(CREATED)}")]
    types = KINDS[str(kind)].marks
    if type_ not in types:
        return [FieldError("type", f"must be one of {', '.join(types)}")]
    return []
