"""What each operation asks of the database, pinned: whoever adds a statement sees it here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from keystead.core.clock import MINUTE, later
from keystead.core.secret import Secret
from keystead.credentials.wish import CredentialWish
from keystead.gate.operation import OPERATIONS
from keystead.operations import accounts, audit, credentials, folders, owners, secrets, whoami
from keystead.owners.owner import OwnerWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.scopes import Access
from keystead.ports.audit import AuditQuery
from keystead.ports.credentials import CredentialQuery
from keystead.ports.owners import OwnerQuery
from keystead.ports.paging import PageRequest
from keystead.ports.vault import AccountQuery, FolderQuery
from keystead.vault.account import AccountWish
from keystead.vault.folder import FolderWish
from tests.gate.houses import NOON, Home, at_home

if TYPE_CHECKING:
    from pathlib import Path

    from keystead.gate.operation import Operation

# By a remembered credential. An entry is three statements: read the head, append, sign the head.
# A right taken away is two: raise the generation, name it in the journal.
STATEMENTS = {
    "whoami": 0,
    "secret.read": 5,
    "secret.read_at": 5,
    "secret.write": 6,
    "account.list": 1,
    "account.find": 1,
    "account.read": 1,
    "account.versions": 2,
    "account.create": 5,
    "account.edit": 5,
    "account.delete": 6,
    "folder.list": 2,
    "folder.find": 2,
    "folder.read": 2,
    "folder.create": 7,
    "folder.edit": 10,
    "folder.delete": 8,
    "owner.list": 1,
    "owner.read": 1,
    "owner.create": 6,
    "owner.edit": 9,
    "credential.list": 3,
    "credential.read": 3,
    "credential.create": 5,
    "credential.edit": 9,
    "credential.rotate": 14,
    "credential.rotate_self": 14,
    "credential.disable": 9,
    "credential.enable": 9,
    "credential.revoke": 9,
    "credential.revoke_self": 9,
    "credential.delete": 9,
    "audit.read": 4,
    "audit.export": 4,
    "audit.export_more": 1,
    "audit.verify": 4,
    "audit.verify_more": 1,
}

# A credential that this process does not know yet: the credential, its owner's applications, the folder
# tree and its grants.
RECOGNISED = 4


async def cost(home: Home, operation: Operation[..., Any], *arguments: object) -> int:
    before = home.house.store.statements
    await home.perform(operation, *arguments)
    return home.house.store.statements - before


async def measure(home: Home) -> dict[str, int]:
    """Ask for every operation once, on new things of its own."""
    page = PageRequest(10)
    _, made = await home.issue()
    _, other = await home.issue()
    spare = await home.perform(folders.create_folder, FolderWish(name="spare"))
    application = await home.perform(owners.create_owner, "application", OwnerWish(name="app"))
    fields = {"password": Secret("another")}
    wish = CredentialWish(
        name="pinned", expires_at=None, access=(Access(KEYSTEAD_API, (Permission.ACCOUNTS_LIST,)),)
    )
    everyone = CredentialQuery(visible=None, at=NOON)
    account, path = home.account_id, "ops/orders"
    asked: list[tuple[Operation[..., Any], tuple[object, ...]]] = [
        (whoami.whoami, ()),
        (secrets.fetch_secret, (account,)),
        (secrets.fetch_secret_at, (path,)),
        (secrets.store_secret, (account, fields, None)),
        (accounts.list_accounts, (AccountQuery(visible=None), page)),
        (accounts.find_account, (path,)),
        (accounts.read_account, (account,)),
        (accounts.list_versions, (account, None, 10)),
        (accounts.create_account, (AccountWish(name="new", folder_id=spare.folder.id), fields)),
        (accounts.edit_account, (account, AccountWish(username="app"))),
        (accounts.delete_account, (account,)),
        (folders.list_folders, (FolderQuery(visible=None), page)),
        (folders.find_folder, ("ops",)),
        (folders.read_folder, (home.folder_id,)),
        (folders.create_folder, (FolderWish(name="newer"),)),
        (folders.edit_folder, (home.folder_id, FolderWish(name="operations"))),
        (folders.delete_folder, (home.folder_id,)),
        (owners.list_owners, (OwnerQuery(visible=None), page)),
        (owners.read_owner, (application.id,)),
        (owners.create_owner, ("application", OwnerWish(name="app two"))),
        (owners.edit_owner, (application.id, OwnerWish(email="a@example.com"))),
        (credentials.list_credentials, (everyone, page)),
        (credentials.read_credential, (made.id,)),
        (credentials.create_credential, ("api_token", "static", None, wish)),
        (credentials.edit_credential, (made.id, CredentialWish(description="x"))),
        (credentials.rotate_credential, (made.id, 60)),
        (credentials.disable_credential, (other.id,)),
        (credentials.enable_credential, (other.id,)),
        (credentials.revoke_credential, (other.id,)),
        (credentials.delete_credential, (other.id,)),
        (audit.list_events, (AuditQuery(), None, 10)),
        (audit.begin_export, ()),
        (audit.continue_export, (0, 0, 10)),
        (audit.begin_verification, ()),
        (audit.continue_verification, (0, 0, 10)),
    ]
    found = {}
    for operation, arguments in asked:
        # Lets this process hear what the act before it changed, and read that anew.
        await home.perform(whoami.whoami)
        found[operation.name] = await cost(home, operation, *arguments)
    await home.perform(whoami.whoami)
    for name, operation in (
        ("credential.rotate_self", credentials.rotate_self),
        ("credential.revoke_self", credentials.revoke_self),
    ):
        fresh, _ = await home.issue()
        home.token, kept = fresh, home.token
        await home.perform(whoami.whoami)
        found[name] = await cost(home, operation, *((0,) if name.endswith("rotate_self") else ()))
        home.token = kept
    return found


def test_every_operation_asks_what_is_written_here(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            found = await measure(home)
            assert found == STATEMENTS
            assert set(found) == set(OPERATIONS), "every operation has its line"

    asyncio.run(run())


def test_a_list_costs_the_same_however_long_it_is(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            query = CredentialQuery(visible=None, at=NOON)
            await home.perform(whoami.whoami)
            short = await cost(home, credentials.list_credentials, query, PageRequest(1))
            for _ in range(40):
                await home.issue(Permission.ACCOUNTS_LIST)
            long = await cost(home, credentials.list_credentials, query, PageRequest(200))
            assert short == long == STATEMENTS["credential.list"]

    asyncio.run(run())


def test_what_recognition_costs_and_that_it_is_paid_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            home.token, made = await home.issue()
            home.house.gate._freshness._forget_all()
            assert await cost(home, whoami.whoami) == RECOGNISED
            assert await cost(home, whoami.whoami) == 0
            home.clock.at = later(home.clock.at, MINUTE)
            assert await cost(home, whoami.whoami) == 0, "time alone costs nothing"
            await home.perform(credentials.edit_credential, made.id, CredentialWish(name="other"))
            assert await cost(home, whoami.whoami) == 2, "it alone is read anew, not the tree"

    asyncio.run(run())
