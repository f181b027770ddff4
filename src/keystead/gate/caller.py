"""Who was recognised, with everything that decides what is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystead.core.actor import SYSTEM, Actor
from keystead.core.errors import NotFound
from keystead.credentials.lifecycle import bounds
from keystead.policy.decide import Subject
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import folder_allows, folders_where, owners_where
from keystead.policy.scopes import scopes_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential
    from keystead.policy.roles import Right, Role
    from keystead.ports.credentials import Known
    from keystead.vault.folder import FolderTree

__all__ = ["Caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """A recognised credential and its owner's rights now; or the house itself.

    Attributes:
        known: what was recognised; None for the house itself.
        subject: what the decision needs of it; None for the house itself.
        rights: folder id to the owner's right there, inherited ones included.
        tree: every folder's place.
    """

    known: Known | None
    subject: Subject | None
    rights: Mapping[str, Right]
    tree: FolderTree
    house: bool = False

    @classmethod
    def of_house(cls, tree: FolderTree) -> Caller:
        """Return the house itself, which may do everything; only its own work arrives as it."""
        return cls(None, None, {}, tree, house=True)

    @property
    def actor(self) -> Actor:
        """As the audit names him."""
        if self.known is None:
            return SYSTEM
        credential = self.known.credential
        return Actor(self.known.owner.id, credential.id, credential.kind)

    @property
    def owner_id(self) -> str:
        """Whose act this is; empty for the house itself."""
        return "" if self.known is None else self.known.owner.id

    @property
    def roles(self) -> frozenset[Role]:
        """The owner's roles."""
        return frozenset() if self.known is None else self.known.owner.roles

    @property
    def credential(self) -> Credential:
        """What was presented.

        Raises:
            NotFound: the house itself presents nothing.
        """
        if self.known is None:
            raise NotFound("credential")
        return self.known.credential

    @property
    def expires_at(self) -> Instant | None:
        """The presented credential's end."""
        return None if self.known is None else self.known.credential.expires_at

    def holds(self, scopes: frozenset[str]) -> bool:
        """Say whether the presented credential holds all these scopes of Keystead's own API."""
        return self.house or (self.subject is not None and scopes <= self.subject.scopes)

    def may_in(self, folder_id: str, permission: Permission) -> bool:
        """Say whether the owner may do so in a folder."""
        if self.house:
            return True
        return folder_allows(self.roles, self.rights.get(folder_id), permission)

    def require_in(self, folder_id: str, permission: Permission, what: str = "folder") -> None:
        """Refuse as not found what the owner may not do in a folder: one answer for all reasons."""
        if folder_id not in self.tree.parents or not self.may_in(folder_id, permission):
            raise NotFound(what)

    def folders_where(self, permission: Permission) -> frozenset[str] | None:
        """Return the folders where the owner may do so; None means all."""
        return None if self.house else folders_where(self.roles, self.rights, permission)

    def owners_where(self, permission: Permission) -> frozenset[str] | None:
        """Return the owners whose credentials the owner may do so with; None means all."""
        if self.house:
            return None
        managed = self.known.managed if self.known is not None else frozenset()
        return owners_where(self.roles, self.owner_id, managed, permission)

    def reaches(self, owner_id: str, permission: Permission) -> bool:
        """Say whether the permission reaches an owner's credentials."""
        reached = self.owners_where(permission)
        return reached is None or owner_id in reached


def subject_of(known: Known) -> Subject:
    """Return what the decision needs of a recognised credential."""
    return Subject(
        kind=known.credential.kind,
        owner_active=known.owner.state == "active",
        roles=known.owner.roles,
        bounds=bounds(known.credential, known.secret),
        scopes=scopes_for(KEYSTEAD_API, known.credential.access),
    )
