"""Stories of the nouns: owners, credentials, folders, accounts, the audit, and uses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pytest
from msgspec import structs

from keystead.core.clock import SECOND, later
from keystead.core.errors import Conflict
from keystead.policy.roles import Right, Role
from tests.store.conformance import Opened, story
from tests.store.records import (
    NOON,
    adding_account,
    adding_folder,
    adding_owner,
    adding_token,
    furnish,
    make_account,
    make_credential,
    make_folder,
    make_owner,
    make_secret,
    make_use,
    make_version,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.ports.store import Tx
    from keystead.ports.usage import Use
    from keystead.vault.version import SealedVersion

T = TypeVar("T")

SAME_NAMES = [
    ("Orders", "orders"),
    ("Straße", "STRASSE"),
    ("ﬁle", "FILE"),
    ("\uff21pi", "api"),
    ("cafe\u0301", "café"),
]


async def taken(opened: Opened, work: Callable[[Tx], Awaitable[T]]) -> None:
    with pytest.raises(Conflict) as caught:
        await opened.store.act(work)
    assert caught.value.code == "name_taken"


def adding_version(version: SealedVersion) -> Callable[[Tx], Awaitable[bool]]:
    return lambda tx: tx.accounts.add_version(version)


@story
async def an_owner_comes_back_as_it_was_kept(opened: Opened) -> None:
    user = make_owner(
        kind="user", login="Ada", email="ada@example.com", roles=frozenset(Role), state="disabled"
    )
    application = make_owner(managed_by=user.id, created_by=user.id)
    await opened.store.act(lambda tx: tx.owners.insert(user, "a hash"))
    await opened.store.act(lambda tx: tx.owners.insert(application, None))

    assert await opened.store.read(lambda tx: tx.owners.find(user.id)) == user
    assert await opened.store.read(lambda tx: tx.owners.find(application.id)) == application
    assert await opened.store.read(lambda tx: tx.owners.find("own_nobody")) is None
    asked = [user.id, "own_nobody"]
    assert await opened.store.read(lambda tx: tx.owners.existing(asked)) == {user.id}
    assert await opened.store.read(lambda tx: tx.owners.existing([])) == set()


@story
async def names_that_look_the_same_are_the_same(opened: Opened) -> None:
    owner, folder, _ = await opened.store.act(furnish)
    for one, other in SAME_NAMES:
        await opened.store.act(adding_owner(make_owner(name=one)))
        await taken(opened, adding_owner(make_owner(name=other)))

        token = make_credential(owner.id, name=one)
        await opened.store.act(adding_token(token))
        twin = make_credential(owner.id, name=other)
        await taken(opened, adding_token(twin))

        place = make_folder(name=one, parent_id=folder.id)
        await opened.store.act(adding_folder(place))
        double = make_folder(name=other, parent_id=folder.id)
        await taken(opened, adding_folder(double))

        account = make_account(folder.id, name=one)
        await opened.store.act(adding_account(account))
        again = make_account(folder.id, name=other)
        await taken(opened, adding_account(again))


@story
async def a_log_in_name_belongs_to_one_user(opened: Opened) -> None:
    first = make_owner(kind="user", login="Ada")
    await opened.store.act(lambda tx: tx.owners.insert(first, None))
    second = make_owner(kind="user", login="ADA")
    await taken(opened, lambda tx: tx.owners.insert(second, None))
    assert await opened.store.read(lambda tx: tx.owners.find(second.id)) is None


@story
async def an_application_may_be_named_like_a_user(opened: Opened) -> None:
    user = make_owner(kind="user", name="orders", login="orders")
    await opened.store.act(lambda tx: tx.owners.insert(user, None))
    await opened.store.act(lambda tx: tx.owners.insert(make_owner(name="orders"), None))


@story
async def the_top_is_one_place_too(opened: Opened) -> None:
    await opened.store.act(lambda tx: tx.folders.insert(make_folder(name="ops")))
    await taken(opened, lambda tx: tx.folders.insert(make_folder(name="OPS")))


@story
async def a_name_is_free_again_once_its_bearer_is_gone(opened: Opened) -> None:
    owner, folder, account = await opened.store.act(furnish)
    token = make_credential(owner.id, name="deploy")
    await opened.store.act(lambda tx: tx.credentials.insert(token, make_secret()))
    assert await opened.store.act(lambda tx: tx.credentials.bury(token.id, NOON))
    assert await opened.store.act(lambda tx: tx.accounts.bury(account.id, NOON))

    heir = make_credential(owner.id, name="deploy")
    await opened.store.act(lambda tx: tx.credentials.insert(heir, make_secret()))
    fresh = make_account(folder.id, name=account.name)
    assert await opened.store.act(lambda tx: tx.accounts.insert(fresh, make_version(fresh.id)))
    assert await opened.store.act(lambda tx: tx.accounts.bury(fresh.id, NOON))
    assert await opened.store.act(lambda tx: tx.folders.bury(folder.id, NOON))
    same = make_folder(name=folder.name)
    assert await opened.store.act(lambda tx: tx.folders.insert(same))


@story
async def a_taken_name_is_refused_to_an_edit_too(opened: Opened) -> None:
    owner, folder, _ = await opened.store.act(furnish)
    first, second = make_credential(owner.id, name="one"), make_credential(owner.id, name="two")
    for each in (first, second):
        await opened.store.act(adding_token(each))
    await taken(opened, lambda tx: tx.credentials.save(replace(second, name="ONE", revision=2), 1))
    a, b = make_account(folder.id, name="one"), make_account(folder.id, name="two")
    for account in (a, b):
        await opened.store.act(adding_account(account))
    await taken(opened, lambda tx: tx.accounts.save(structs.replace(b, name="ONE", revision=2), 1))
    p, q = make_folder(name="p"), make_folder(name="q")
    for place in (p, q):
        await opened.store.act(adding_folder(place))
    await taken(opened, lambda tx: tx.folders.save(replace(q, name="P", revision=2), 1))
    x, y = make_owner(name="x"), make_owner(name="y")
    for person in (x, y):
        await opened.store.act(adding_owner(person))
    await taken(opened, lambda tx: tx.owners.save(replace(y, name="X", revision=2), y))


@story
async def of_two_editors_who_read_the_same_only_one_writes(opened: Opened) -> None:
    owner, folder, account = await opened.store.act(furnish)
    token = make_credential(owner.id)
    await opened.store.act(lambda tx: tx.credentials.insert(token, make_secret()))

    async def outcomes(save: Callable[[Tx, str], Awaitable[bool]]) -> list[bool]:
        return [
            await opened.store.act(lambda tx: save(tx, "first")),
            await opened.store.act(lambda tx: save(tx, "second")),
        ]

    assert await outcomes(
        lambda tx, name: tx.credentials.save(replace(token, name=name, revision=2), 1)
    ) == [True, False]
    assert await outcomes(
        lambda tx, name: tx.owners.save(replace(owner, name=name, revision=2), owner)
    ) == [True, False]
    assert await outcomes(
        lambda tx, name: tx.folders.save(replace(folder, name=name, revision=2), 1)
    ) == [True, False]
    assert await outcomes(
        lambda tx, name: tx.accounts.save(structs.replace(account, name=name, revision=2), 1)
    ) == [True, False]
    found = await opened.store.read(lambda tx: tx.accounts.find(account.id))
    assert found is not None
    assert found.name == "first"


@story
async def a_refused_folder_edit_leaves_its_grants_alone(opened: Opened) -> None:
    owner, folder, _ = await opened.store.act(furnish)
    granted = replace(folder, grants={owner.id: Right.USER}, revision=2)
    assert await opened.store.act(lambda tx: tx.folders.save(granted, 1))
    stale = replace(folder, grants={}, revision=2)
    assert not await opened.store.act(lambda tx: tx.folders.save(stale, 1))

    assert await opened.store.read(lambda tx: tx.folders.find(folder.id)) == granted
    tree = await opened.store.read(lambda tx: tx.folders.tree())
    assert tree.grants == {folder.id: {owner.id: Right.USER}}


@story
async def the_dead_are_not_edited(opened: Opened) -> None:
    owner, folder, account = await opened.store.act(furnish)
    token = make_credential(owner.id)
    await opened.store.act(lambda tx: tx.credentials.insert(token, make_secret()))
    assert await opened.store.act(lambda tx: tx.credentials.bury(token.id, NOON))
    assert not await opened.store.act(lambda tx: tx.credentials.bury(token.id, NOON))
    assert not await opened.store.act(lambda tx: tx.credentials.save(replace(token, revision=2), 1))
    assert await opened.store.read(lambda tx: tx.credentials.find(token.id)) is None
    assert await opened.store.act(lambda tx: tx.accounts.bury(account.id, NOON))
    assert not await opened.store.act(lambda tx: tx.accounts.bury(account.id, NOON))
    assert not await opened.store.act(
        lambda tx: tx.accounts.save(structs.replace(account, revision=2), 1)
    )
    assert not await opened.store.act(
        lambda tx: tx.accounts.add_version(make_version(account.id, 2))
    )
    assert await opened.store.read(lambda tx: tx.accounts.fetch(account.id, 1)) is None
    assert not await opened.store.read(lambda tx: tx.accounts.versions(account.id, None, 9)), (
        "its values are destroyed"
    )
    assert await opened.store.act(lambda tx: tx.folders.bury(folder.id, NOON))
    assert not await opened.store.act(lambda tx: tx.folders.bury(folder.id, NOON))
    assert not await opened.store.act(lambda tx: tx.folders.save(replace(folder, revision=2), 1))


@story
async def nothing_is_put_into_a_folder_that_is_gone(opened: Opened) -> None:
    _, _, account = await opened.store.act(furnish)
    gone = make_folder()
    await opened.store.act(lambda tx: tx.folders.insert(gone))
    assert await opened.store.act(lambda tx: tx.folders.bury(gone.id, NOON))

    lost = make_account(gone.id)
    assert not await opened.store.act(lambda tx: tx.accounts.insert(lost, make_version(lost.id)))
    assert not await opened.store.read(lambda tx: tx.accounts.versions(lost.id, None, 9))
    inside = make_folder(parent_id=gone.id)
    assert not await opened.store.act(lambda tx: tx.folders.insert(inside))
    moved = structs.replace(account, folder_id=gone.id, revision=2)
    assert not await opened.store.act(lambda tx: tx.accounts.save(moved, 1))


@story
async def a_folder_with_something_in_it_is_not_buried(opened: Opened) -> None:
    _, folder, account = await opened.store.act(furnish)
    inner = make_folder(parent_id=folder.id)
    await opened.store.act(lambda tx: tx.folders.insert(inner))
    assert not await opened.store.act(lambda tx: tx.folders.bury(folder.id, NOON))
    await opened.store.act(lambda tx: tx.folders.bury(inner.id, NOON))
    assert not await opened.store.act(lambda tx: tx.folders.bury(folder.id, NOON)), "an account"
    await opened.store.act(lambda tx: tx.accounts.bury(account.id, NOON))
    assert await opened.store.act(lambda tx: tx.folders.bury(folder.id, NOON))
    tree = await opened.store.read(lambda tx: tx.folders.tree())
    assert (tree.parents, tree.grants) == ({}, {})


@story
async def the_other_administrators_are_counted_without_the_idle(opened: Opened) -> None:
    chief = make_owner(kind="user", login="a", roles=frozenset({Role.ADMINISTRATOR}))
    off = replace(make_owner(kind="user", login="b", roles=chief.roles), state="disabled")
    machine = make_owner(roles=chief.roles)
    manager = make_owner(kind="user", login="c", roles=frozenset({Role.MANAGER}))
    for owner in (chief, off, machine, manager):
        await opened.store.act(adding_owner(owner))
    assert await opened.store.read(lambda tx: tx.owners.other_administrators(chief.id)) == 0
    assert await opened.store.read(lambda tx: tx.owners.other_administrators(off.id)) == 1


@story
async def an_account_comes_back_and_is_found_by_its_name(opened: Opened) -> None:
    _, folder, _ = await opened.store.act(furnish)
    account = make_account(
        folder.id, name="Straße", username="root", target="db:5432", type="database",
        tags=("a", 'quo"te'), notes="line\nline", field_names=("password", "totp"),
    )  # fmt: skip
    version = make_version(account.id, field_names=("password", "totp"))
    await opened.store.act(lambda tx: tx.accounts.insert(account, version))

    assert await opened.store.read(lambda tx: tx.accounts.find(account.id)) == account
    assert await opened.store.read(lambda tx: tx.accounts.find_in(folder.id, "STRASSE")) == account
    assert await opened.store.read(lambda tx: tx.accounts.find_in("fold_x", "STRASSE")) is None
    whole = (account, version)
    assert await opened.store.read(lambda tx: tx.accounts.fetch(account.id, 1)) == whole
    assert await opened.store.read(lambda tx: tx.accounts.fetch(account.id, None)) == whole
    assert (
        await opened.store.read(lambda tx: tx.accounts.fetch_in(folder.id, "STRASSE", None))
        == whole
    )
    assert await opened.store.read(lambda tx: tx.accounts.fetch(account.id, 2)) == (account, None)
    assert await opened.store.read(lambda tx: tx.accounts.fetch("acct_x", None)) is None


@story
async def only_the_next_number_becomes_a_version(opened: Opened) -> None:
    _, _, account = await opened.store.act(furnish)
    for n, added in ((1, False), (3, False), (2, True), (2, False), (3, True)):
        made = make_version(account.id, n, field_names=("password", f"f{n}"))
        assert await opened.store.act(adding_version(made)) is added
    found = await opened.store.read(lambda tx: tx.accounts.find(account.id))
    assert found is not None
    assert (found.version, found.field_names) == (3, ("password", "f3"))
    assert found.modified_at == later(NOON, 3)

    async def numbers(before: int | None, size: int) -> list[tuple[int, bytes]]:
        listed = await opened.store.read(lambda tx: tx.accounts.versions(account.id, before, size))
        return [(v.n, v.sealed) for v in listed]

    assert await numbers(None, 10) == [(3, b""), (2, b""), (1, b"")]
    assert await numbers(3, 1) == [(2, b"")]
    assert await numbers(1, 10) == []


@story
async def uses_add_up_and_the_last_one_never_goes_back(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    token = make_credential(owner.id)
    await opened.store.act(lambda tx: tx.credentials.insert(token, make_secret()))

    def use(n: int, seconds: int, address: str, count: int) -> Use:
        at = later(NOON, seconds * SECOND)
        return make_use(token.id, n, at, address=address, agent=f"agent {address}", count=count)

    await opened.counts.add([use(1, 50, "10.0.0.1", 3), use(2, 20, "10.0.0.2", 1)])
    await opened.counts.add([use(1, 40, "10.0.0.9", 4)])
    await opened.counts.add([])

    found = await opened.store.read(lambda tx: tx.credentials.find(token.id))
    assert found is not None
    assert found.last_use is not None
    assert (found.last_use.at, found.last_use.address) == (later(NOON, 50 * SECOND), "10.0.0.1")
    assert found.last_use.uses == 8
    assert {n: (u.uses, u.agent) for n, u in found.secret_uses.items()} == {
        1: (7, "agent 10.0.0.1"),
        2: (1, "agent 10.0.0.2"),
    }
