"""What the verbs about API catalogues ask of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.core.clock import Instant
    from keystead.policy.catalogue.catalogue import API
    from keystead.policy.scopes import Access

__all__ = ["APIRecords", "Holder"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A credential that has, or had, access to an API, and all that it has access to now."""

    credential_id: str
    name: str
    kind: str
    owner_id: str
    access: tuple[Access, ...]


class APIRecords(Protocol):
    """Registered APIs with their catalogues and verifiers; Keystead's own is not among them."""

    async def all(self) -> Sequence[API]:
        """Return every API that is not deleted, by name."""

    async def find(self, api_id: str) -> API | None:
        """Return one that is not deleted; in an act, nobody else changes it until that is done."""

    async def insert(self, api: API) -> None:
        """Add one.

        Raises:
            Conflict: another API has, or had, the identifier.
        """

    async def save(self, api: API, was: int) -> bool:
        """Write the changed record and its verifiers if its revision is still `was`."""

    async def bury(self, api: API, at: Instant) -> bool:
        """Delete it, if its revision is still the record's; False where it is not.

        Its identifier stays its own, unless no credential ever had access to it: then it is free again.
        """

    async def holders(self, identifier: str, after: str, size: int) -> Sequence[Holder]:
        """Return credentials that had access to the API at any time, by id, from after one on.

        Those that were deleted or revoked are left out. What was taken from one is seen in its `access`.
        """
