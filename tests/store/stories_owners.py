"""Stories of owners and of the groups that they are in."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from keystead.core.clock import SECOND, later
from keystead.core.errors import Conflict
from keystead.core.ids import new_id
from keystead.owners.group import Group
from keystead.policy.roles import Right, Role
from keystead.ports.groups import GroupQuery
from keystead.ports.owners import OwnerQuery
from tests.store.conformance import Opened, story
from tests.store.records import (
    NOON,
    adding_owner,
    make_folder,
    make_owner,
)
from tests.store.stories_pages import walk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.owners.owner import Owner
    from keystead.ports.store import Tx


_NUMBERS = count(1)


def make_group(*members: str, **more: Any) -> Group:  # noqa: ANN401
    wanted: dict[str, Any] = {
        "id": new_id("grp"), "name": f"group {next(_NUMBERS)}", "members": frozenset(members),
        "created_by": "", "created_at": NOON, "modified_at": NOON,
    }  # fmt: skip
    return Group(**{**wanted, **more})


async def found(opened: Opened, owner_id: str) -> Owner | None:
    return await opened.store.read(lambda tx: tx.owners.find(owner_id))


async def names(opened: Opened, **query: Any) -> list[str]:  # noqa: ANN401
    wanted = OwnerQuery(**{"visible": None, **query})
    return [o.name for o in await walk(opened, lambda tx, page: tx.owners.page(wanted, page), 2)]


async def saved(opened: Opened, was: Owner, **more: Any) -> Owner:  # noqa: ANN401
    after = replace(was, **more, revision=was.revision + 1)
    assert await opened.store.act(lambda tx: tx.owners.save(after, was))
    return after


@story
async def what_an_application_is_called_elsewhere_comes_back(opened: Opened) -> None:
    metadata = {"plan": "gold", "Straße": "\U0001d5b9 'quoted' \"twice\"", "empty": ""}
    made = make_owner(external_id="Customer-17/ä", metadata=metadata)
    await opened.store.act(adding_owner(made))
    assert await found(opened, made.id) == made

    changed = await saved(opened, made, external_id=None, metadata={"plan": "none"})
    assert await found(opened, made.id) == changed


@story
async def an_external_id_belongs_to_one_to_the_letter(opened: Opened) -> None:
    first, other = make_owner(external_id="c-1"), make_owner(external_id="C-1")
    third = make_owner()
    for owner in (first, other, third, make_owner()):
        await opened.store.act(adding_owner(owner))
    for attempt in (
        lambda tx: tx.owners.insert(make_owner(external_id="c-1"), None),
        lambda tx: tx.owners.save(replace(third, external_id="c-1", revision=2), third),
    ):
        with pytest.raises(Conflict) as caught:
            await opened.store.act(attempt)
        assert caught.value.code == "name_taken"
        assert "external id" in caught.value.detail
    await saved(opened, first, external_id=None)
    await saved(opened, third, external_id="c-1")
    assert await names(opened, external_id="c-1") == [third.name]
    assert await names(opened, external_id="c-") == []


@story
async def owners_are_found_by_what_they_are(opened: Opened) -> None:
    everyone = {
        "anna": make_owner(kind="user", login="anna", roles=frozenset({Role.ADMINISTRATOR})),
        "both": make_owner(roles=frozenset({Role.MANAGER, Role.AUDITOR})),
        "none": make_owner(roles=frozenset()),
        "off": make_owner(state="disabled", roles=frozenset({Role.MANAGER})),
    }
    for name, owner in everyone.items():
        await opened.store.act(adding_owner(replace(owner, name=name)))
    assert await names(opened, role=Role.MANAGER) == ["both", "off"]
    assert await names(opened, role=Role.USER) == []
    assert await names(opened, role=Role.MANAGER, state="active") == ["both"]
    assert await names(opened, state="disabled") == ["off"]
    assert await names(opened, kind="user", role=Role.ADMINISTRATOR) == ["anna"]


@story
async def owners_are_listed_by_name_or_by_age_in_both_directions(opened: Opened) -> None:
    for name, age in (("b", 2), ("D", 0), ("a", 2), ("C", 1)):
        owner = make_owner(name=name, created_at=later(NOON, -age * SECOND), id=f"own_{name}")
        await opened.store.act(adding_owner(owner))
    assert await names(opened, sort="name") == ["a", "b", "C", "D"]
    assert await names(opened, sort="-name") == ["D", "C", "b", "a"]
    assert await names(opened, sort="created_at") == ["a", "b", "C", "D"]
    assert await names(opened, sort="-created_at") == ["D", "C", "b", "a"]


@story
async def a_password_s_facts_come_back(opened: Opened) -> None:
    user = make_owner(kind="user", login="ada", password_changed_at=later(NOON, 5))
    await opened.store.act(lambda tx: tx.owners.insert(user, "a hash"))
    assert await found(opened, user.id) == user
    changed = await saved(opened, user, must_change=True, password_changed_at=later(NOON, 9))
    assert await found(opened, user.id) == changed


@story
async def who_disabled_an_owner_comes_back(opened: Opened) -> None:
    made = make_owner(state="disabled", disabled_from_above=True)
    await opened.store.act(adding_owner(made))
    assert await found(opened, made.id) == made
    for more in ({"state": "active", "disabled_from_above": False}, {"state": "disabled"}):
        made = await saved(opened, made, **more)
        assert await found(opened, made.id) == made


def adding(group: Group) -> Callable[[Tx], Awaitable[None]]:
    return lambda tx: tx.groups.insert(group)


async def group_of(opened: Opened, group: Group) -> Group | None:
    return await opened.store.read(lambda tx: tx.groups.find(group.id))


async def listed(opened: Opened, **query: Any) -> list[Group]:  # noqa: ANN401
    wanted = GroupQuery(**{"visible": None, **query})
    return await walk(opened, lambda tx, page: tx.groups.page(wanted, page), 2)


@story
async def a_group_comes_back_with_its_members(opened: Opened) -> None:
    group, empty = make_group("own_a", "own_b", name="Ops"), make_group()
    await opened.store.act(adding(group))
    await opened.store.act(adding(empty))
    assert await group_of(opened, group) == group
    assert await group_of(opened, empty) == empty
    assert await opened.store.read(lambda tx: tx.groups.find("grp_nobody")) is None
    asked = [group.id, "grp_nobody"]
    assert await opened.store.read(lambda tx: tx.groups.existing(asked)) == {group.id}

    after = replace(group, name="Operators", members=frozenset({"own_b", "own_c"}), revision=2)
    assert await opened.store.act(lambda tx: tx.groups.save(after, group))
    assert await group_of(opened, group) == after
    stale = replace(group, members=frozenset(), revision=2)
    assert not await opened.store.act(lambda tx: tx.groups.save(stale, group))
    assert await group_of(opened, group) == after


@story
async def a_group_s_name_is_one_s_own_until_it_is_gone(opened: Opened) -> None:
    group, other = make_group(name="Straße"), make_group()
    await opened.store.act(adding(group))
    await opened.store.act(adding(other))
    renamed = replace(other, name="STRASSE", revision=2)
    for attempt in (
        adding(make_group("own_a", name="STRASSE")),
        lambda tx: tx.groups.save(renamed, other),
    ):
        with pytest.raises(Conflict) as caught:
            await opened.store.act(attempt)
        assert caught.value.code == "name_taken"
    assert await opened.store.act(lambda tx: tx.groups.bury(group, NOON))
    assert await opened.store.act(lambda tx: tx.groups.save(renamed, other))


@story
async def a_group_that_is_gone_takes_its_grants_with_it(opened: Opened) -> None:
    group, other = make_group("own_a"), make_group("own_a")
    folder = make_folder(grants={group.id: Right.MANAGER, other.id: Right.USER})
    await opened.store.act(adding(group))
    await opened.store.act(adding(other))
    await opened.store.act(lambda tx: tx.folders.insert(folder))

    stale = replace(group, revision=7)
    assert not await opened.store.act(lambda tx: tx.groups.bury(stale, NOON))
    assert await opened.store.act(lambda tx: tx.groups.bury(group, NOON))
    assert not await opened.store.act(lambda tx: tx.groups.bury(group, NOON)), "it is gone already"
    assert await group_of(opened, group) is None
    assert await opened.store.read(lambda tx: tx.groups.existing([group.id])) == frozenset()
    tree = await opened.store.read(lambda tx: tx.folders.tree())
    assert tree.grants == {folder.id: {other.id: Right.USER}}
    late = replace(group, revision=2)
    assert not await opened.store.act(lambda tx: tx.groups.save(late, group))
    assert await listed(opened, member_id="own_a") == [other]


@story
async def groups_are_found_by_name_member_and_by_who_may_be_seen(opened: Opened) -> None:
    ops = make_group("own_a", "own_b", name="ops")
    empty, dba = make_group(name="Empty"), make_group("own_b", name="dba")
    for group in (ops, empty, dba):
        await opened.store.act(adding(group))
    assert await listed(opened) == [dba, empty, ops]
    assert await listed(opened, q="P") == [empty, ops]
    assert await listed(opened, member_id="own_b") == [dba, ops]
    assert await listed(opened, visible=frozenset({"own_a", "own_x"})) == [ops]
    assert await listed(opened, visible=frozenset({"own_b"}), member_id="own_a") == [ops]
    assert await listed(opened, visible=frozenset()) == []


@story
async def an_owner_s_applications_and_groups_are_told(opened: Opened) -> None:
    user = make_owner(kind="user", login="ada")
    managed = make_owner(managed_by=user.id)
    mine, others = make_group(user.id, managed.id), make_group(managed.id)
    for owner in (user, managed):
        await opened.store.act(adding_owner(owner))

    async def groups() -> frozenset[str]:
        applications, groups = await opened.store.read(lambda tx: tx.owners.own_of(user.id))
        assert applications == {managed.id}
        return groups

    assert await groups() == frozenset()
    await opened.store.act(adding(mine))
    await opened.store.act(adding(others))
    assert await groups() == {mine.id}
    assert await opened.store.act(lambda tx: tx.groups.bury(mine, NOON))
    assert await groups() == frozenset()


@story
async def who_comes_and_who_leaves_is_told_by_name(opened: Opened) -> None:
    feed = await opened.listen()
    await feed.news()

    async def told() -> set[tuple[str, str]]:
        news = await feed.news()
        return set() if news is None else {("*", "*")} if news.everything else set(news.named)

    group = make_group("own_a", "own_b")
    await opened.store.act(adding(group))
    assert await told() == {("owner", "own_a"), ("owner", "own_b")}
    after = replace(group, members=frozenset({"own_b", "own_c"}), revision=2)
    await opened.store.act(lambda tx: tx.groups.save(after, group))
    assert await told() == {("owner", "own_a"), ("owner", "own_c")}
    named = replace(after, name="another", revision=3)
    await opened.store.act(lambda tx: tx.groups.save(named, after))
    assert await told() == set(), "a name is no right"
    full = replace(named, members=frozenset(f"own_{n}" for n in range(1000)), revision=4)
    await opened.store.act(lambda tx: tx.groups.save(full, named))
    assert await told() == {("owners", group.id)}, "too many to name"
    await opened.store.act(lambda tx: tx.groups.bury(full, NOON))
    assert await told() == {("owners", group.id)}
