"""Who was recognised, with everything that decides what is theirs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from keystead.core.actor import SYSTEM, Actor
from keystead.core.clock import earliest
from keystead.core.errors import NotFound
from keystead.credentials.lifecycle import bounds
from keystead.gate.refusals import refusal_by
from keystead.policy.decide import Subject, check_permitted, permitted
from keystead.policy.key_admin import KEY_ADMIN, KEY_ADMIN_PERMISSIONS
from keystead.policy.permissions import KEYSTEAD_API, RESOURCES, Permission
from keystead.policy.roles import folder_allows, folders_where, owners_where
from keystead.policy.scopes import levels_held

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential
    from keystead.policy.catalogue.catalogue import API, APIs
    from keystead.policy.organisation import Organisation
    from keystead.policy.roles import Right, Role
    from keystead.policy.scopes import Access
    from keystead.ports.credentials import Known
    from keystead.vault.folder import FolderTree

__all__ = ["Caller", "Reliance", "scopes_held", "subject_of"]


class Reliance(NamedTuple):
    """A right to one thing by which an act was allowed."""

    noun: Literal["folder", "owner"]
    id: str
    permission: str


class Caller(Struct, frozen=True):
    """A recognised credential and its owner's rights now; or the house itself.

    Attributes:
        known: what was recognised; None for the house itself.
        subject: what the decision needs of it; None for the house itself.
        rights: folder id to the owner's right there, inherited ones included.
        tree: every folder's place.
        apis: every API and its catalogue.
        organisation: its rules for credentials.
        relied: where rights that were asked for and held are noted; None where nobody wants to know.
    """

    known: Known | None
    subject: Subject | None
    rights: Mapping[str, Right]
    tree: FolderTree
    apis: APIs
    organisation: Organisation
    house: bool = False
    relied: list[Reliance] | None = None

    @classmethod
    def of_house(cls, tree: FolderTree, apis: APIs, organisation: Organisation) -> Caller:
        """Return the house itself, which may do everything; only its own work arrives as it."""
        return cls(None, None, {}, tree, apis, organisation, house=True)

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
    def is_key_admin(self) -> bool:
        """Whether what was presented manages keys and nothing else."""
        return self.subject is not None and self.subject.key_admin

    @property
    def expires_at(self) -> Instant | None:
        """See `Known.expires_at`; the house has none."""
        return None if self.known is None else self.known.expires_at

    def holds(self, scopes: frozenset[str]) -> bool:
        """Say whether the presented credential holds all these scopes of Keystead's own API."""
        return self.house or (self.subject is not None and scopes <= self.subject.scopes)

    def permits(self, permission: Permission) -> bool:
        """Say whether the credential, its kind and its owner's roles hold one more permission."""
        if self.house or self.subject is None:
            return self.house
        return check_permitted(self.subject, permission) is None

    def require_also(self, permission: Permission) -> None:
        """Refuse what needs one more permission than the operation itself.

        Raises:
            Forbidden: the credential, its kind or its owner's roles do not hold it.
        """
        if self.house:
            return
        if self.subject is None:
            raise NotFound("credential")
        denial = check_permitted(self.subject, permission)
        if denial is not None:
            raise refusal_by(denial)

    def holds_on(self, api: str, scopes: frozenset[str]) -> bool:
        """Say whether the presented credential holds all these scopes of any API."""
        if self.house or self.known is None:
            return self.house
        return scopes <= self.known.scopes_on(api, self.apis.actions(api))

    def holds_levels(self, wanted: Access) -> bool:
        """Say whether the presented credential holds the levels of an entry as levels, on its API.

        What was minted holds the scopes of its own day alone.
        """
        if self.house or not wanted.levels:
            return True
        if self.known is None or self.known.minted is not None:
            return False
        return levels_held(wanted.levels, wanted.api, self.known.credential.access)

    def may_in(self, folder_id: str, permission: Permission) -> bool:
        """Say whether the owner may do so in a folder."""
        if self.house:
            return True
        may = folder_allows(self.roles, self.rights.get(folder_id), permission)
        return self._noted("folder", folder_id, permission, held=may)

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
        may = reached is None or owner_id in reached
        return self._noted("owner", owner_id, permission, held=may)

    def noting(self) -> Caller:
        """Return the same caller, who notes by what rights an act is allowed."""
        return replace(self, relied=[])

    def ending(self, at: Instant) -> Caller:
        """Return the same caller, whose credential this act lets end at an instant."""
        if self.known is None:
            return self
        end = earliest(self.known.credential.expires_at, at)
        credential = dataclasses.replace(self.known.credential, expires_at=end)
        return replace(self, known=dataclasses.replace(self.known, credential=credential))

    def still(self, relied: Iterable[Reliance]) -> bool:
        """Say whether all these rights are held now; a folder that is gone has nothing to tell."""
        return all(self._holds(each) for each in relied)

    def _holds(self, right: Reliance) -> bool:
        permission = Permission(right.permission)
        if right.noun == "owner":
            return self.reaches(right.id, permission)
        return right.id not in self.tree.parents or self.may_in(right.id, permission)

    def _noted(
        self, noun: Literal["folder", "owner"], id_: str, permission: Permission, *, held: bool
    ) -> bool:
        if held and self.relied is not None:
            self.relied.append(Reliance(noun, id_, permission))
        return held


def scopes_held(known: Known, api: API, kind: str | None = None) -> frozenset[str]:
    """Return what a recognised credential is good for on an API now, or would be as another kind.

    On Keystead's own API its kind and its owner's roles bound it too; on others nothing but what was given.
    """
    scopes = known.scopes_on(api.identifier, api.actions)
    if api.identifier != KEYSTEAD_API:
        return scopes
    if known.credential.type == KEY_ADMIN:
        scopes &= KEY_ADMIN_PERMISSIONS
    return permitted(kind or known.credential.kind, known.owner.roles, scopes)


def subject_of(known: Known) -> Subject:
    """Return what the decision needs of a recognised credential."""
    key_admin = known.credential.type == KEY_ADMIN
    scopes = known.scopes_on(KEYSTEAD_API, RESOURCES)
    return Subject(
        kind=known.credential.kind,
        owner_active=known.owner.state == "active",
        roles=known.owner.roles,
        bounds=bounds(known.credential, known.secret),
        scopes=scopes & KEY_ADMIN_PERMISSIONS if key_admin else scopes,
        key_admin=key_admin,
    )
