"""What a credential kind is, and the list of them.

A kind says only what is its own; finding, bounding, deciding and telling are the gate's, the same for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, get_args

from keystead.core.errors import FieldError
from keystead.credentials.access_token import ACCESS_TOKEN
from keystead.credentials.api_key import API_KEY
from keystead.credentials.api_token import API_TOKEN
from keystead.credentials.oauth_client import OAUTH_CLIENT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CREATED", "KINDS", "KINDS_BY_NAME", "CreatedKind", "Kind", "wrong_kind"]


class Kind(Protocol):
    """One kind of credential."""

    @property
    def name(self) -> str:
        """The word in `kind` fields, such as `api_token`."""

    @property
    def marks(self) -> Mapping[str, str]:
        """Each type that can be created, and the letter after `ks` in its tokens."""


_CREATED: Final[tuple[Kind, ...]] = (API_TOKEN, API_KEY, OAUTH_CLIENT)
_ALL: Final[tuple[Kind, ...]] = (*_CREATED, ACCESS_TOKEN)

KINDS: Final[Mapping[str, Kind]] = {mark: kind for kind in _ALL for mark in kind.marks.values()}
"""Every kind by its tokens' marks; a mark that is not here is nobody's."""

KINDS_BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}

CreatedKind = Literal["api_token", "api_key", "oauth_client"]

CREATED: Final[tuple[CreatedKind, ...]] = get_args(CreatedKind)
"""The kinds that somebody creates and lists; the others are minted from them."""


def wrong_kind(kind: object, type_: object) -> list[FieldError]:
    """Return what is wrong with the kind and the type of a credential that is to be made."""
    if kind not in CREATED:
        return [FieldError("kind", f"must be one of {', '.join(CREATED)}")]
    types = KINDS_BY_NAME[str(kind)].marks
    if type_ not in types:
        return [FieldError("type", f"must be one of {', '.join(types)}")]
    return []
