"""What a credential kind is, and the list of them.

A kind says only what is its own; finding, bounding, deciding and telling are the gate's, the same for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from keystead.credentials.api_token import API_TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "KINDS_BY_NAME", "Kind"]


class Kind(Protocol):
    """One kind of credential."""

    @property
    def name(self) -> str:
        """The word in `kind` fields, such as `api_token`."""

    @property
    def marks(self) -> Mapping[str, str]:
        """Each type that can be created, and the letter after `ks` in its tokens."""


_ALL: Final[tuple[Kind, ...]] = (API_TOKEN,)

KINDS: Final[Mapping[str, Kind]] = {mark: kind for kind in _ALL for mark in kind.marks.values()}
"""Every kind by its tokens' marks; a mark that is not here is nobody's."""

KINDS_BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}
