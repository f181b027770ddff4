"""Stories of lists: whole, in order, and stable while others write."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from keystead.core.clock import DAY, SECOND, Instant, later
from keystead.core.names import name_key
from keystead.credentials.lifecycle import State, state
from keystead.ports.credentials import CredentialQuery, CredentialSort
from keystead.ports.owners import OwnerQuery
from keystead.ports.paging import Page, PageRequest, Position
from keystead.ports.vault import AccountQuery, FolderQuery
from tests.store.conformance import Opened, story
from tests.store.records import (
    NOON,
    adding_owner,
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
    import asyncio
    from collections.abc import Awaitable, Callable

    from keystead.credentials.record import Credential
    from keystead.ports.store import Tx

__all__ = ["filters_equal_the_lifecycle"]


def asking(
    ask: Callable[[Tx, PageRequest], Awaitable[Page[Any]]], wanted: PageRequest
) -> Callable[[Tx], Awaitable[Page[Any]]]:
    return lambda tx: ask(tx, wanted)


def credentials(
    query: CredentialQuery,
) -> Callable[[Tx, PageRequest], Awaitable[Page[Any]]]:
    return lambda tx, page: tx.credentials.page(query, page)


async def walk(
    opened: Opened,
    ask: Callable[[Tx, PageRequest], Awaitable[Page[Any]]],
    size: int = 3,
    between: Callable[[], Awaitable[None]] | None = None,
) -> list[Any]:
    """Return every item of every page."""
    found: list[Any] = []
    after: Position | None = None
    while True:
        wanted = PageRequest(size, after)
        page = await opened.store.read(asking(ask, wanted))
        found += page.items
        assert len(page.items) <= size
        if page.next is None:
            return found
        assert len(page.items) == size
        after = page.next
        if between is not None:
            await between()


async def ids(opened: Opened, **query: Any) -> list[str]:  # noqa: ANN401
    wanted = CredentialQuery(**{"visible": None, "at": NOON, **query})
    found = await walk(opened, lambda tx, page: tx.credentials.page(wanted, page))
    return [listed.credential.id for listed in found]


async def put(opened: Opened, *credentials: Credential) -> None:
    async def insert(tx: Tx) -> None:
        for credential in credentials:
            await tx.credentials.insert(credential, make_secret())

    await opened.store.act(insert)


def order(sort: CredentialSort) -> Callable[[Credential], Any]:
    """Return the sort key of the promise, for ascending order."""
    column = sort.removeprefix("-")
    if column == "name":
        return lambda c: (name_key(c.name), c.id)
    return lambda c: (getattr(c, column), c.id)


@story
async def every_order_is_whole_while_others_write(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    chance = random.Random(20261122)
    standing = [
        make_credential(
            owner.id,
            # Few instants for many rows: ties are the rule, and no end is one of the values.
            created_at=later(NOON, chance.randrange(3) * SECOND),
            expires_at=chance.choice([None, None, later(NOON, DAY), later(NOON, 2 * DAY)]),
        )
        for _ in range(23)
    ]
    await put(opened, *standing)

    async def write() -> None:
        passing = make_credential(
            owner.id,
            created_at=later(NOON, chance.randrange(4) * SECOND),
            expires_at=chance.choice([None, later(NOON, DAY), later(NOON, 3 * DAY)]),
        )
        await put(opened, passing)
        if chance.random() < 0.5:
            await opened.store.act(lambda tx: tx.credentials.bury(passing.id, NOON))

    for sort in get_args(CredentialSort):
        query = CredentialQuery(visible=None, at=NOON, sort=sort)
        found = await walk(opened, credentials(query), between=write)
        listed = [item.credential for item in found]
        assert len({c.id for c in listed}) == len(listed), "nothing comes twice"
        known = {c.id for c in standing}
        kept = [c for c in listed if c.id in known]
        assert kept == in_order(standing, sort), sort


@story
async def names_are_listed_without_regard_to_case(opened: Opened) -> None:
    for name in ("beta", "Alpha", "GAMMA", "ähre"):
        await opened.store.act(adding_owner(make_owner(name=name)))
    query = OwnerQuery(visible=None)
    found = await walk(opened, lambda tx, page: tx.owners.page(query, page), size=1)
    assert [owner.name for owner in found] == ["Alpha", "beta", "GAMMA", "ähre"]


@story
async def only_what_may_be_seen_is_listed(opened: Opened) -> None:
    first, folder, account = await opened.store.act(furnish)
    second, other_folder, other_account = await opened.store.act(furnish)
    mine, theirs = make_credential(first.id), make_credential(second.id)
    await put(opened, mine, theirs)

    assert await ids(opened, visible=frozenset({first.id})) == [mine.id]
    assert await ids(opened, visible=frozenset()) == []
    seen = frozenset({folder.id})

    async def folders(**query: Any) -> list[str]:  # noqa: ANN401
        wanted = FolderQuery(**query)
        return [f.id for f in await walk(opened, lambda tx, page: tx.folders.page(wanted, page))]

    async def accounts(**query: Any) -> list[str]:  # noqa: ANN401
        wanted = AccountQuery(**query)
        return [a.id for a in await walk(opened, lambda tx, page: tx.accounts.page(wanted, page))]

    async def owners(**query: Any) -> list[str]:  # noqa: ANN401
        wanted = OwnerQuery(**query)
        return [o.id for o in await walk(opened, lambda tx, page: tx.owners.page(wanted, page))]

    assert await folders(visible=seen) == [folder.id]
    assert await folders(visible=frozenset()) == []
    assert await folders(visible=None) == [folder.id, other_folder.id]
    assert await accounts(visible=seen) == [account.id]
    assert await accounts(visible=None, folder_id=other_folder.id) == [other_account.id]
    assert await accounts(visible=seen, folder_id=other_folder.id) == []
    assert await owners(visible=frozenset({second.id})) == [second.id]
    assert await owners(visible=frozenset()) == []


@story
async def a_list_shows_the_grants_on_each_folder(opened: Opened) -> None:
    owner, folder, _ = await opened.store.act(furnish)
    inner = make_folder(parent_id=folder.id, grants={owner.id: 3})
    await opened.store.act(lambda tx: tx.folders.insert(inner))
    query = FolderQuery(visible=None, parent_id=folder.id)
    assert await walk(opened, lambda tx, page: tx.folders.page(query, page)) == [inner]


@story
async def credentials_are_found_by_what_is_known_of_them(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    plain = make_credential(owner.id, name="Deploy 100% of ops_east")
    written = make_credential(owner.id, description="Für die ÄRZTE-Kammer")
    ending = make_credential(owner.id, expires_at=later(NOON, DAY))
    await put(opened, plain, written, ending)

    assert await ids(opened, q="deploy") == [plain.id]
    assert await ids(opened, q="100%") == [plain.id]
    assert await ids(opened, q="0% of OPS_e") == [plain.id]
    for wild in ("opsxe", "ops%", "ops*", "ops?", "[o]ps", "ops\0", "\0"):
        assert await ids(opened, q=wild) == [], "no wildcard"
    assert await ids(opened, q="ärzte") == [written.id]
    assert await ids(opened, q="Ärzte") == [written.id]
    assert await ids(opened, q="\uff24eploy") == [plain.id], "as names are compared"
    assert await ids(opened, kind="api_key") == []
    assert set(await ids(opened, kind="api_token", owner_id=owner.id)) == {
        plain.id, written.id, ending.id,
    }  # fmt: skip
    assert await ids(opened, owner_id="own_nobody") == []
    assert await ids(opened, expires_before=later(NOON, DAY)) == []
    assert await ids(opened, expires_before=later(NOON, DAY + 1)) == [ending.id]


@story
async def what_was_not_used_lately_is_found(opened: Opened) -> None:
    owner, _, _ = await opened.store.act(furnish)
    never, long_ago, lately = (make_credential(owner.id) for _ in range(3))
    await put(opened, never, long_ago, lately)
    await opened.counts.add(
        [
            make_use(long_ago.id, 1, later(NOON, -9 * DAY)),
            make_use(lately.id, 1, later(NOON, -9 * DAY)),
            make_use(lately.id, 2, NOON),
        ]
    )
    found = await ids(opened, last_used_before=later(NOON, -DAY))
    assert set(found) == {never.id, long_ago.id}


LONG = 4_300
"""Rows enough for each way to look for them: more than are looked at first, and more than are few."""


@story
async def what_is_rare_in_a_long_list_is_found_whole_and_in_order(opened: Opened) -> None:
    owner, other = make_owner(), make_owner()
    for each in (owner, other):
        await opened.store.act(adding_owner(each))
    chance = random.Random(20261123)
    standing = [a_life(n, owner.id if n % 43 else other.id, chance) for n in range(LONG)]
    for start in range(0, LONG, 500):
        await put(opened, *standing[start : start + 500])
    await opened.counts.add([make_use(c.id, 1, NOON) for c in standing if not c.name.endswith("7")])
    wanted: list[tuple[dict[str, Any], Callable[[Credential], bool]]] = [
        ({"owner_id": other.id}, lambda c: c.owner_id == other.id),
        ({"visible": frozenset({other.id, "own_x"})}, lambda c: c.owner_id == other.id),
        ({"q": "77"}, lambda c: "77" in c.name or "77" in c.id),
        ({"q": "77", "owner_id": owner.id}, lambda c: "77" in c.name + c.id and c.owner_id == owner.id),
        ({"expires_before": later(NOON, DAY)}, lambda c: (c.expires_at or DAY * 99_999) < NOON + DAY),
        (
            {"last_used_before": NOON, "state": "disabled"},
            lambda c: c.name.endswith("7") and state(c, NOON) == "disabled",
        ),
        *(({"state": s}, lambda c, s=s: state(c, NOON) == s) for s in get_args(State) if s != "active"),
    ]  # fmt: skip
    for sort in get_args(CredentialSort):
        for query, matches in wanted:
            asked = credentials(
                CredentialQuery(**{"visible": None, "at": NOON, **query}, sort=sort)
            )
            found = [item.credential for item in await walk(opened, asked, size=200)]
            assert found == in_order([c for c in standing if matches(c)], sort), (query, sort)


def a_life(n: int, owner_id: str, chance: random.Random) -> Credential:
    """Return a credential in a state that few are in, or as most are."""
    fate = chance.randrange(40)
    return make_credential(
        owner_id,
        name=f"service {n}",
        created_at=later(NOON, -chance.randrange(LONG) * SECOND),
        expires_at={0: later(NOON, -DAY), 1: later(NOON, 5 * DAY), 2: None, 3: None}.get(
            fate, later(NOON, (40 + chance.randrange(300)) * DAY)
        ),
        not_before=later(NOON, DAY) if fate == 4 else None,
        disabled_at=NOON if fate == 5 else None,
        revoked_at=NOON if fate == 6 else None,
    )


def in_order(credentials: list[Credential], sort: CredentialSort) -> list[Credential]:
    """Return them as a list has them."""
    endless = [c for c in credentials if sort.endswith("expires_at") and c.expires_at is None]
    others = [c for c in credentials if c not in endless]
    down = sort.startswith("-")
    last = sorted(endless, key=lambda c: c.id, reverse=down)
    return sorted(others, key=order(sort), reverse=down) + last


@story
async def accounts_are_found_by_what_is_known_of_them(opened: Opened) -> None:
    _, folder, bare = await opened.store.act(furnish)
    full = make_account(
        folder.id, name="Orders", username="App_User", target="db-1:5432", type="database",
        tags=("prod", 'a"b'), notes="Ask ÉVA first",
    )  # fmt: skip
    await opened.store.act(lambda tx: tx.accounts.insert(full, make_version(full.id)))

    async def found(**query: Any) -> list[str]:  # noqa: ANN401
        wanted = AccountQuery(visible=None, **query)
        return [a.id for a in await walk(opened, lambda tx, page: tx.accounts.page(wanted, page))]

    for q in ("orders", "app_user", "DB-1", "PROD", "éva", 'a"b'):
        assert await found(q=q) == [full.id], q
    for q in ("[", '"', ",", "]"):
        shown = [] if q != '"' else [full.id]
        assert await found(q=q) == shown, "what the store writes around tags is not searched"
    assert await found(tag="prod") == [full.id]
    assert await found(tag='a"b') == [full.id]
    assert await found(tag="pro") == [], "a whole tag"
    assert await found(tag='prod","a') == [], "one tag"
    assert await found(type="database") == [full.id]
    assert await found(type="data") == []
    assert set(await found()) == {bare.id, full.id}


INSTANTS = st.sampled_from(
    [None, *(later(NOON, d) for d in (-DAY, -1, 0, 1, DAY, 30 * DAY, 30 * DAY + 1))]
)
LIVES = st.lists(st.tuples(INSTANTS, INSTANTS, INSTANTS, INSTANTS), min_size=1, max_size=8)


def filters_equal_the_lifecycle(runner: asyncio.Runner, opened: Opened) -> None:
    """Hold the store's filter of states to `lifecycle.state`: any life, any instant."""

    @given(lives=LIVES, at=INSTANTS.filter(bool))
    @settings(max_examples=40)
    def agree(lives: list[tuple[Instant | None, ...]], at: Instant) -> None:
        owner = make_owner()
        kept = [
            replace(
                make_credential(owner.id, expires_at=end, not_before=start),
                disabled_at=off, revoked_at=gone,
            )
            for start, end, off, gone in lives
        ]  # fmt: skip

        async def compare() -> None:
            await opened.store.act(lambda tx: tx.owners.insert(owner, None))
            await put(opened, *kept)
            for wanted in get_args(State):
                found = await ids(opened, owner_id=owner.id, state=wanted, at=at)
                assert set(found) == {c.id for c in kept if state(c, at) == wanted}, wanted

        runner.run(compare())

    agree()
