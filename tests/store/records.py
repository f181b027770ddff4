"""Records to put into stores: each unlike every other unless told otherwise."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from keystead.audit.event import Event, ObjectRef
from keystead.core.actor import SYSTEM
from keystead.core.clock import DAY, MINUTE, Instant, later
from keystead.core.ids import new_id
from keystead.credentials.record import Credential, StoredSecret
from keystead.owners.owner import Owner
from keystead.policy.catalogue.catalogue import API, Action, Group, Resource
from keystead.policy.roles import Role
from keystead.policy.scopes import Access
from keystead.ports.usage import ALLOWED, Use
from keystead.vault.account import Account
from keystead.vault.folder import Folder
from keystead.vault.version import SealedVersion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.core.actor import Actor
    from keystead.ports.store import Tx

__all__ = [
    "NOON", "adding_account", "adding_api", "adding_folder", "adding_owner", "adding_token",
    "enter", "furnish", "make_account", "make_api", "make_credential", "make_event", "make_folder",
    "make_owner", "make_secret", "make_use", "make_version",
]  # fmt: skip

NOON: Final = Instant(20_000 * DAY + DAY // 2)
_NUMBERS = count(1)


def make_owner(**more: Any) -> Owner:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "id": new_id("own"), "kind": "application", "name": f"owner {next(_NUMBERS)}", "login": None,
        "email": "", "roles": frozenset({Role.USER}), "state": "active", "managed_by": None,
        "created_by": "", "created_at": NOON, "modified_at": NOON,
    }  # fmt: skip
    return Owner(**{**wanted, **more})


def make_credential(owner_id: str, **more: Any) -> Credential:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "id": new_id("cred"), "kind": "api_token", "type": "static",
        "name": f"token {next(_NUMBERS)}", "description": "", "owner_id": owner_id,
        "created_by": owner_id, "created_at": NOON, "modified_at": NOON,
        "access": (Access("keystead", ("accounts:list",), {"folders": "read"}),), "networks": (),
        "expires_at": None,
    }  # fmt: skip
    return Credential(**{**wanted, **more})


def make_secret(n: int = 1, **more: Any) -> StoredSecret:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "n": n, "pepper_n": 1, "digest": os.urandom(32), "created_at": NOON,
    }  # fmt: skip
    return StoredSecret(**{**wanted, **more})


def make_use(credential_id: str, n: int = 1, at: Instant = NOON, **more: Any) -> Use:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "api": "keystead", "outcome": ALLOWED, "minute": Instant(at - at % MINUTE), "first_at": at,
        "address": "", "agent": "", "count": 1,
    }  # fmt: skip
    return Use(credential_id=credential_id, secret_n=n, at=at, **{**wanted, **more})


def make_api(**more: Any) -> API:  # noqa: ANN401
    n = next(_NUMBERS)
    wanted: dict[str, Any] = {
        "id": new_id("api"), "identifier": f"https://api-{n}.example", "name": f"API {n}",
        "description": "", "owner_id": "own_nobody", "verifiers": frozenset(), "token_format": "opaque",
        "algorithm": "ES256", "token_seconds": 3600, "offline_networks": "refused",
        "groups": (Group("scans", (Resource("scan", (Action("read"),)),)),), "created_by": "",
        "created_at": NOON, "modified_at": NOON,
    }  # fmt: skip
    return API(**{**wanted, **more})


def make_folder(**more: Any) -> Folder:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "id": new_id("fold"), "parent_id": None, "name": f"folder {next(_NUMBERS)}", "grants": {},
        "created_by": "", "created_at": NOON, "modified_at": NOON,
    }  # fmt: skip
    return Folder(**{**wanted, **more})


def make_account(folder_id: str, **more: Any) -> Account:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "id": new_id("acct"), "folder_id": folder_id, "name": f"account {next(_NUMBERS)}",
        "username": "", "target": "", "type": "", "tags": (), "notes": "", "version": 1,
        "field_names": ("password",), "created_by": "", "created_at": NOON, "modified_at": NOON,
    }  # fmt: skip
    return Account(**{**wanted, **more})


def make_version(account_id: str, n: int = 1, **more: Any) -> SealedVersion:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "sealed": os.urandom(40), "field_names": ("password",), "created_by": "",
        "created_at": later(NOON, n),
    }  # fmt: skip
    return SealedVersion(account_id, n, **{**wanted, **more})


def adding_owner(owner: Owner) -> Callable[[Tx], Awaitable[None]]:
    return lambda tx: tx.owners.insert(owner, None)


def adding_token(credential: Credential) -> Callable[[Tx], Awaitable[None]]:
    return lambda tx: tx.credentials.insert(credential, make_secret())


def adding_api(api: API) -> Callable[[Tx], Awaitable[None]]:
    return lambda tx: tx.apis.insert(api)


def adding_folder(folder: Folder) -> Callable[[Tx], Awaitable[bool]]:
    return lambda tx: tx.folders.insert(folder)


def adding_account(account: Account) -> Callable[[Tx], Awaitable[bool]]:
    return lambda tx: tx.accounts.insert(account, make_version(account.id))


async def furnish(tx: Tx) -> tuple[Owner, Folder, Account]:
    """Put one of each into a store."""
    owner = make_owner()
    folder = make_folder()
    account = make_account(folder.id)
    await tx.owners.insert(owner, None)
    await tx.folders.insert(folder)
    await tx.accounts.insert(account, make_version(account.id))
    return owner, folder, account


def make_event(object_id: str = "", **more: Any) -> Event:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "at": NOON, "actor": SYSTEM, "verb": "test.act", "object": ObjectRef("test", object_id, ""),
        "decision": "allowed", "code": "ok", "rule": "", "address": "", "asserted_by": "",
        "request_id": "", "agent": "",
    }  # fmt: skip
    return Event(**{**wanted, **more})


async def enter(tx: Tx, verb: str = "test.act", actor: Actor = SYSTEM, **more: Any) -> None:  # noqa: ANN401
    """Append an entry."""
    await tx.audit.append(make_event(verb=verb, actor=actor, **more))
