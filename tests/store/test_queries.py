"""What each operation asks of the database, pinned: whoever adds a statement sees it here."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from keystead.audit.chain import Place
from keystead.audit.cuts import NothingToCut
from keystead.audit.joins import NothingToJoin
from keystead.core.clock import MINUTE, later
from keystead.core.secret import Secret
from keystead.credentials.legacy import ImportWish
from keystead.credentials.rotation import Rotation
from keystead.credentials.wish import CredentialWish
from keystead.crypto.keyring import MasterKey, read_master_key
from keystead.gate.acts.once import Once, RequestKey
from keystead.gate.acts.operation import OPERATIONS
from keystead.gate.visit import Visit
from keystead.operations import audit, cuts, joins, keys, settings, signing_keys, whoami
from keystead.operations.catalogue import apis
from keystead.operations.catalogue import changes as api_changes
from keystead.operations.credentials import credentials, importing, rotation, usage, verification
from keystead.operations.keys import NothingToRetire
from keystead.operations.oauth import introspection, issuing, revocation
from keystead.operations.owners import groups, owners, passwords, roles
from keystead.operations.signing_keys import NothingToDo
from keystead.operations.vault import accounts, folders, secrets
from keystead.owners.group import GroupWish
from keystead.owners.owner import OwnerWish
from keystead.policy.catalogue.catalogue import Action, Group, Resource
from keystead.policy.catalogue.wish import APIWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Right
from keystead.policy.scopes import Access
from keystead.ports.audit import AuditQuery
from keystead.ports.credentials import CredentialQuery
from keystead.ports.groups import GroupQuery
from keystead.ports.owners import OwnerQuery
from keystead.ports.paging import PageRequest
from keystead.ports.usage import UsageQuery
from keystead.ports.vault import AccountQuery, FolderQuery
from keystead.settings_file import MASTER_KEY
from keystead.upkeep import system_arrival
from keystead.vault.account import AccountWish
from keystead.vault.folder import FolderWish
from tests.gate.houses import NOON, Home, at_home, at_home_on_postgresql
from tests.store.servers import require_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from keystead.gate.acts.operation import Operation

# By a remembered credential. An entry is three statements: read the head, append, sign the head.
# What seals a value or stores a digest looks once more at its key: whether it is still in force.
# A right taken away is two: raise the generation, name it in the journal; a third where it is held before.
STATEMENTS = {
    "whoami": 0,
    "secret.read": 4,
    "secret.read_at": 4,
    "secret.write": 7,
    "account.list": 1,
    "account.find": 1,
    "account.read": 1,
    "account.versions": 2,
    "account.create": 6,
    "account.edit": 5,
    "account.delete": 6,
    "folder.list": 2,
    "folder.find": 2,
    "folder.read": 2,
    "folder.create": 8,
    "folder.edit": 11,
    "folder.delete": 10,
    "owner.list": 1,
    "owner.read": 1,
    "owner.create": 6,
    "owner.edit": 10,
    # Read first, and hashed outside of any transaction.
    "owner.change_password": 7,
    "role.list": 0,
    "group.list": 2,
    "group.read": 2,
    # Two more for each of up to a hundred who come or leave.
    "group.create": 9,
    "group.edit": 11,
    "group.delete": 13,
    # Remembered whole.
    "api.list": 0,
    "api.read": 0,
    "api.create": 6,
    # Three find out before for whom it matters: the API, its verifiers, and each 500 of its holders.
    "api.edit": 12,
    "api.preview_edit": 3,
    "api.delete": 12,
    "api.preview_delete": 3,
    "credential.list": 4,
    "credential.summarise": 2,
    "credential.read": 3,
    "credential.usage": 4,
    "credential.create": 6,
    # As create; and for each token a look whether it was imported before.
    "credential.import_legacy": 7,
    "credential.edit": 9,
    "credential.rotate": 15,
    "credential.rotate_self": 15,
    # The old one is buried, which is told; the new one is added.
    "credential.refresh": 12,
    "credential.disable": 9,
    "credential.enable": 9,
    "credential.revoke": 9,
    "credential.revoke_self": 9,
    "credential.delete": 9,
    "credential.verify": 2,
    "settings.read": 1,
    "oauth.issue": 5,
    # It was verified a moment ago.
    "oauth.introspect": 0,
    "oauth.revoke": 3,
    # Two for the one setting that changes.
    "settings.edit": 9,
    "audit.read": 5,
    "audit.export": 4,
    "audit.export_more": 1,
    "audit.verify": 4,
    # One tells whether something was cut off meanwhile.
    "audit.verify_more": 2,
    "audit.verify_joined": 3,
    # On the one node that this house has; there is nothing to join, and nothing is written.
    "audit.join": 1,
    # Everything is kept: the settings are read, and nothing is written.
    "audit.cut": 1,
    "signing_key.list": 1,
    "signing_key.published": 1,
    # Looked at before, and once more in the act; the key that is succeeded gets its end.
    "signing_key.rotate": 8,
    # An entry, a look, and three for each key.
    "signing_key.ensure": 9,
    # There is none that has ended, and nothing is written.
    "signing_key.destroy": 1,
    # One for each of four keys.
    "master_key.rotate": 11,
    "key.rotate": 11,
    # None was replaced.
    "key.retire": 2,
}

PASSWORD = "nine troubled waters"

# A credential that this process does not know yet: the credential, its owner's applications and groups, the
# folder tree and its grants, the APIs, the settings.
RECOGNISED = 6


async def cost(home: Home, operation: Operation[..., Any], *arguments: object) -> int:
    before = home.house.database.statements
    with suppress(NothingToCut, NothingToJoin, NothingToDo, NothingToRetire):
        await home.perform(operation, *arguments)
    return home.house.database.statements - before


async def measure(home: Home) -> dict[str, int]:
    """Ask for every operation once, on new things of its own."""
    page = PageRequest(10)
    token, made = await home.issue()
    _, other = await home.issue()
    spare = await home.perform(folders.create_folder, FolderWish(name="spare"))
    application = await home.perform(owners.create_owner, "application", OwnerWish(name="app"))
    system = Visit(system_arrival(home.clock))
    has_password = OwnerWish(password=Secret(PASSWORD))
    await home.house.gate.perform(owners.edit_owner, system, home.owner_id, has_password)
    group = await home.perform(groups.create_group, GroupWish(name="group"))
    granted = FolderWish(name="granted", grants={group.id: Right.USER})
    await home.perform(folders.create_folder, granted)
    fields = {"password": Secret("another")}
    wish = CredentialWish(
        name="pinned", expires_at=None, access=(Access(KEYSTEAD_API, (Permission.ACCOUNTS_LIST,)),)
    )
    key = await home.perform(
        credentials.create_credential, "api_key", "static", None, replace(wish, name="key")
    )
    ends = replace(wish, name="old", expires_at=later(NOON, MINUTE))
    old = ImportWish(sha256="0" * 64, wish=ends)
    everyone = CredentialQuery(visible=None, at=NOON)
    shown = verification.Shown(token=token, audience=KEYSTEAD_API)
    some = (Group("g", (Resource("r", (Action("read"),)),)),)
    registered = APIWish(identifier="https://a.example", name="a", groups=some)
    api, none = await home.perform(apis.create_api, registered), APIWish(groups=())
    gone = await home.perform(apis.create_api, replace(registered, identifier="https://c.example"))
    master = read_master_key(home.data / MASTER_KEY)
    account, path = home.account_id, "ops/orders"
    asked: list[tuple[Operation[..., Any], tuple[object, ...]]] = [
        (whoami.whoami, ()),
        (secrets.fetch_secret, (account,)),
        (secrets.fetch_secret_at, (path,)),
        (secrets.store_secret, (account, fields, None)),
        (accounts.list_accounts, (AccountQuery(visible=None), page)),
        (accounts.read_account_at, (path,)),
        (accounts.read_account, (account,)),
        (accounts.list_versions, (account, None, 10)),
        (accounts.create_account, (AccountWish(name="new", folder_id=spare.folder.id), fields)),
        (accounts.edit_account, (account, AccountWish(username="app"))),
        (accounts.delete_account, (account,)),
        (folders.list_folders, (FolderQuery(visible=None), page)),
        (folders.read_folder_at, ("ops",)),
        (folders.read_folder, (home.folder_id,)),
        (folders.create_folder, (FolderWish(name="newer"),)),
        (folders.edit_folder, (home.folder_id, FolderWish(name="operations"))),
        (folders.delete_folder, (home.folder_id,)),
        (owners.list_owners, (OwnerQuery(visible=None), page)),
        (owners.read_owner, (application.id,)),
        (owners.create_owner, ("application", OwnerWish(name="app two"))),
        (owners.edit_owner, (application.id, OwnerWish(email="a@example.com"))),
        (roles.list_roles, ()),
        (groups.list_groups, (GroupQuery(visible=None), page)),
        (groups.read_group, (group.id,)),
        (groups.create_group, (GroupWish(name="one", members=(application.id,)),)),
        (groups.edit_group, (group.id, GroupWish(add_members=(application.id,)))),
        (groups.delete_group, (group.id,)),
        (passwords.change_password, (Secret(PASSWORD), Secret(f"another {PASSWORD}"))),
        (apis.list_apis, (None, None, page)),
        (apis.read_api, (api.id,)),
        (apis.create_api, (APIWish(identifier="https://b.example", name="b"),)),
        (api_changes.preview_edit, (api.id, none, page)),
        (api_changes.edit_api, (api.id, none)),
        (api_changes.preview_delete, (gone.id, page)),
        (api_changes.delete_api, (gone.id,)),
        (credentials.list_credentials, (everyone, page)),
        (credentials.summarise_credentials, ()),
        (credentials.read_credential, (made.id,)),
        (usage.read_usage, (made.id, UsageQuery(length=MINUTE), PageRequest())),
        (credentials.create_credential, ("api_token", "static", None, wish)),
        (importing.import_legacy, ((old,),)),
        (credentials.edit_credential, (made.id, CredentialWish(description="x"))),
        (rotation.rotate_credential, (made.id, Rotation(overlap_seconds=60))),
        (rotation.refresh_credential, (key.listed.credential.id,)),
        (credentials.disable_credential, (other.id,)),
        (credentials.enable_credential, (other.id,)),
        (credentials.revoke_credential, (other.id,)),
        (credentials.delete_credential, (other.id,)),
        (verification.verify, (shown,)),
        (settings.read_settings, ()),
        (introspection.introspect_token, (token, None)),
        (revocation.revoke_token, (Secret("nonsense"),)),
        (settings.edit_settings, ({"max_networks": 20},)),
        (audit.list_events, (AuditQuery(), None, 10)),
        (audit.begin_export, ()),
        (audit.continue_export, (0, 0, 10)),
        (audit.begin_verification, ()),
        (audit.continue_verification, (0, 0, 10)),
        (audit.read_joined, ({Place(0, 1), Place(0, 2)},)),
        (joins.join_chains, ()),
        (cuts.cut_audit, ()),
        (signing_keys.ensure_signing_keys, ()),
        (signing_keys.rotate_signing_key, ("ES256",)),
        (signing_keys.list_signing_keys, ()),
        (signing_keys.published_keys, ()),
        (signing_keys.destroy_ended_keys, ()),
        (keys.retire_keys, ()),
        (keys.rotate_key, (master, "seal")),
        (keys.rotate_master_key, (master, MasterKey(bytes(32)))),
    ]
    found = {}
    for operation, arguments in asked:
        # Lets this process hear what the act before it changed, and read that anew.
        await home.perform(whoami.whoami)
        found[operation.name] = await cost(home, operation, *arguments)
    await home.perform(whoami.whoami)
    for name, operation in (
        ("credential.rotate_self", rotation.rotate_self),
        ("credential.revoke_self", credentials.revoke_self),
    ):
        fresh, _ = await home.issue()
        home.token, kept = fresh, home.token
        await home.perform(whoami.whoami)
        found[name] = await cost(home, operation)
        home.token = kept
    client = await home.perform(
        credentials.create_credential, "oauth_client", "static", None, replace(wish, name="client")
    )
    home.token, kept = client.secret, home.token
    asked_for = issuing.TokenWish(issuer="http://127.0.0.1", grant_type=issuing.GRANT_TYPE)
    await home.perform(issuing.issue_token, asked_for)
    found["oauth.issue"] = await cost(home, issuing.issue_token, asked_for)
    home.token = kept
    return found


@pytest.mark.parametrize(
    "at_home_on", [at_home, pytest.param(at_home_on_postgresql, marks=pytest.mark.postgresql)]
)
def test_every_operation_asks_what_is_written_here(
    tmp_path: Path, at_home_on: Callable[[Path], AbstractAsyncContextManager[Home]]
) -> None:
    if at_home_on is at_home_on_postgresql:
        require_server()

    async def run() -> None:
        async with at_home_on(tmp_path / "data") as home:
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


def test_a_key_costs_three_statements_and_an_answer_told_again_five(tmp_path: Path) -> None:
    """The claim, the answer, a look at what sealed it; or the claim, the answer and the three of an entry."""

    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            once: Once[Any] = Once(RequestKey("k", b""), lambda _: b"done")
            wish = FolderWish(name="new")

            async def asked() -> int:
                before = home.house.database.statements
                visit = Visit(home.arrival())
                await home.house.gate.perform_once(folders.create_folder, visit, once, wish)
                return home.house.database.statements - before

            await home.perform(whoami.whoami)
            assert await asked() == STATEMENTS["folder.create"] + 3
            await home.perform(whoami.whoami)
            assert await asked() == 2 + 3

    asyncio.run(run())
