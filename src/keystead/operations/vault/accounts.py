"""Verbs about accounts: their description, never their values (those are `secrets`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType, structs

from keystead.core.errors import FieldError, Invalid, NotFound, Overtaken
from keystead.core.ids import new_id
from keystead.core.names import MAX_NAME, clean_name
from keystead.gate.acts.operation import Told, operation
from keystead.operations.vault.sealing import seal_version
from keystead.policy.permissions import Permission
from keystead.ports.paging import Page
from keystead.vault.account import Account
from keystead.vault.folder import split_path
from keystead.vault.version import wrong_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keystead.core.secret import Secret
    from keystead.gate.acts.act import Act
    from keystead.gate.events import Fact
    from keystead.ports.paging import PageRequest
    from keystead.ports.vault import AccountQuery
    from keystead.vault.account import AccountWish
    from keystead.vault.version import SealedVersion

__all__ = [
    "PlacedAccount",
    "about_account",
    "create_account",
    "delete_account",
    "edit_account",
    "list_accounts",
    "list_versions",
    "place_of",
    "reached_account",
    "reached_at",
    "read_account",
    "read_account_at",
    "require_reached",
]


@dataclass(frozen=True, slots=True)
class PlacedAccount:
    """An account, and its path from the top."""

    account: Account
    path: str


@operation("account.list", needs=Permission.ACCOUNTS_LIST, told=Told.COUNTED, browses=True)
async def list_accounts(act: Act, query: AccountQuery, page: PageRequest) -> Page[PlacedAccount]:
    """List the accounts of folders that the caller may see."""
    visible = act.caller.folders_where(Permission.ACCOUNTS_LIST)
    found = await act.tx.accounts.page(replace(query, visible=visible), page)
    return Page(tuple(_placed(act, account) for account in found.items), found.next)


@operation("account.find", needs=Permission.ACCOUNTS_READ, told=Told.COUNTED, verb="account.read")
async def read_account_at(act: Act, path: str) -> PlacedAccount:
    """Read the account at a path."""
    return _placed(act, await reached_at(act, path, Permission.ACCOUNTS_READ))


@operation("account.read", needs=Permission.ACCOUNTS_READ, told=Told.COUNTED)
async def read_account(act: Act, account_id: str) -> PlacedAccount:
    """Read one account's description."""
    return _placed(act, await reached_account(act, account_id, Permission.ACCOUNTS_READ))


@operation("account.versions", needs=Permission.ACCOUNTS_READ, told=Told.COUNTED)
async def list_versions(
    act: Act, account_id: str, before: int | None, size: int
) -> Sequence[SealedVersion]:
    """List an account's versions, the newest first, without values; `before` is exclusive."""
    account = await reached_account(act, account_id, Permission.ACCOUNTS_READ)
    return await act.tx.accounts.versions(account.id, before, size)


@operation("account.create", needs=Permission.ACCOUNTS_CREATE, told=Told.ENTERED)
async def create_account(
    act: Act, wish: AccountWish, fields: Mapping[str, Secret]
) -> PlacedAccount:
    """Add an account with its first version.

    Raises:
        Invalid: a field is wrong or missing, with every such field.
        Conflict: a sibling has the name.
    """
    wrong = [*wish.wrong(), *wrong_fields(fields)]
    wrong += [
        FieldError(name, "is required")
        for name in ("folder_id", "name")
        if getattr(wish, name) is UNSET
    ]
    if wrong or isinstance(wish.folder_id, UnsetType):
        raise Invalid.of(*wrong)
    act.seek("folder", wish.folder_id)
    act.caller.require_in(wish.folder_id, Permission.ACCOUNTS_CREATE)
    account_id = new_id("acct")
    version = seal_version(act, account_id, 1, fields)
    made = Account(
        id=account_id,
        folder_id=wish.folder_id,
        name=clean_name(wish.name or ""),
        username=wish.username or "",
        target=wish.target or "",
        type=wish.type or "",
        tags=wish.tags or (),
        notes=wish.notes or "",
        version=1,
        field_names=version.field_names,
        created_by=act.caller.owner_id,
        created_at=act.at,
        modified_at=act.at,
    )
    about_account(act, made)
    if not await act.tx.accounts.insert(made, version):
        raise NotFound("folder")
    return _placed(act, made)


@operation("account.edit", needs=Permission.ACCOUNTS_EDIT, told=Told.ENTERED)
async def edit_account(act: Act, account_id: str, wish: AccountWish) -> PlacedAccount:
    """Change an account's description, or move it to a folder where the caller may add one.

    Raises:
        Invalid: a field is wrong.
        Conflict: a sibling has the name, or somebody else changed it meanwhile.
    """
    before = await reached_account(act, account_id, Permission.ACCOUNTS_EDIT)
    if wrong := wish.wrong():
        raise Invalid.of(*wrong)
    if not isinstance(wish.folder_id, UnsetType) and wish.folder_id != before.folder_id:
        # Whoever moves an account decides who may read it: both ends must be his to manage.
        act.caller.require_in(before.folder_id, Permission.ACCOUNTS_DELETE, "account")
        act.caller.require_in(wish.folder_id, Permission.ACCOUNTS_CREATE)
    after = structs.replace(
        before,
        folder_id=before.folder_id if wish.folder_id is UNSET else wish.folder_id,
        name=before.name if wish.name is UNSET else clean_name(wish.name),
        username=before.username if wish.username is UNSET else wish.username,
        target=before.target if wish.target is UNSET else wish.target,
        type=before.type if wish.type is UNSET else wish.type,
        tags=before.tags if wish.tags is UNSET else wish.tags,
        notes=before.notes if wish.notes is UNSET else wish.notes,
        modified_at=act.at,
        revision=before.revision + 1,
    )
    changed = [f for f in wish.__slots__ if getattr(before, f) != getattr(after, f)]
    moved = {"from": before.folder_id, "to": after.folder_id}
    facts = moved if after.folder_id != before.folder_id else {}
    about_account(act, after, changed=",".join(changed), **facts)
    if not await act.tx.accounts.save(after, before.revision):
        raise Overtaken
    return _placed(act, after)


@operation("account.delete", needs=Permission.ACCOUNTS_DELETE, told=Told.ENTERED)
async def delete_account(act: Act, account_id: str) -> None:
    """Delete an account and destroy its sealed values."""
    await reached_account(act, account_id, Permission.ACCOUNTS_DELETE)
    if not await act.tx.accounts.bury(account_id, act.at):
        raise NotFound("account")


async def reached_account(act: Act, account_id: str, permission: Permission) -> Account:
    """Return a living account in whose folder the caller holds the permission.

    Raises:
        NotFound: unknown, invisible and forbidden are one answer.
    """
    act.seek("account", account_id)
    account = await act.tx.accounts.find(account_id)
    return require_reached(act, account, permission)


async def reached_at(act: Act, path: str, permission: Permission) -> Account:
    """Return the living account at a path, as `reached_account` does."""
    act.seek("account", path)
    folder_id, name = place_of(act, path)
    account = await act.tx.accounts.find_in(folder_id, name) if folder_id else None
    return require_reached(act, account, permission)


def place_of(act: Act, path: str) -> tuple[str | None, str]:
    """Return the folder that an account's path names, None where there is none, and the account's name."""
    *folders, name = split_path(path)
    return act.caller.tree.find(folders) if folders else None, name


def require_reached(act: Act, account: Account | None, permission: Permission) -> Account:
    """Return the account if the caller holds the permission in its folder.

    Raises:
        NotFound: unknown, invisible and forbidden are one answer.
    """
    if account is None:
        raise NotFound("account")
    act.caller.require_in(account.folder_id, permission, "account")
    about_account(act, account)
    return account


def about_account(act: Act, account: Account, **facts: Fact) -> None:
    """Name an account for the entry by its id and path, by which a refused one is told as well.

    Of a path that is longer than a name may be its end is told.
    """
    act.about("account", account.id, _path(act, account)[-MAX_NAME:], **facts)


def _placed(act: Act, account: Account) -> PlacedAccount:
    return PlacedAccount(account, _path(act, account))


def _path(act: Act, account: Account) -> str:
    return f"{act.caller.tree.path(account.folder_id)}/{account.name}"
