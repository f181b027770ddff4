"""What a list of 135,000 credentials asks of SQLite: an index each time, and no more rows than bounded.

The engine's steps are counted, which no other load on the machine changes.
"""

from __future__ import annotations

import asyncio
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, get_args

import pytest

from keystead.core.clock import DAY, later
from keystead.ports.credentials import CredentialQuery, CredentialSort
from keystead.ports.paging import PageRequest
from keystead.store.sqlite.connection import connect
from keystead.store.sqlite.counts import SQLiteCounts
from keystead.store.sqlite.store import SQLiteStore
from tests.store.installations import copy_of_an_installation, open_keyring
from tests.store.records import NOON, adding_owner, make_owner, make_use

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keystead.ports.credentials import Listed
    from keystead.ports.paging import Page, Position

ROWS = 150_000
MANY, FEW = "own_000000000many", "own_0000000000few"
SORTS: tuple[CredentialSort, ...] = get_args(CredentialSort)
SOON, PAST, FAR = later(NOON, DAY), later(NOON, -DAY), later(NOON, 90 * DAY)

FILL = """
INSERT INTO credentials (
  id, kind, type, name, name_key, search, description, owner_id, created_by, created_at, modified_at,
  access, networks, metadata, revision, expires_at, not_before, disabled_at, revoked_at, deleted_at
)
WITH RECURSIVE counted(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted WHERE i < :rows - 1),
rows AS (SELECT i, printf('token %07d', i * 7919 % 1000003) AS name FROM counted)
SELECT
  printf('cred_%012d', i), iif(i % 20000 = 9, 'api_key', 'api_token'), 'static', name, name, name, '',
  iif(i % 1000 = 8, :few, :many), :many, :at - 1000000 * (:rows - i), :at, '[]', '[]', '{}', 1,
  CASE i % 1000 WHEN 3 THEN :past WHEN 4 THEN :soon ELSE iif(i % 3, :far + i, NULL) END,
  iif(i % 1000 = 5, :soon, NULL), iif(i % 1000 = 6, :at, NULL), iif(i % 1000 = 7, :at, NULL),
  iif(i % 10 = 0, :at, NULL)
FROM rows
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteStore]:
    data = tmp_path_factory.mktemp("long") / "data"
    master = copy_of_an_installation(data)
    with closing(connect(data)) as base:
        base.execute("PRAGMA synchronous=OFF")
        values = {"rows": ROWS, "few": FEW, "many": MANY, "at": NOON}
        base.execute(FILL, {**values, "past": PAST, "soon": SOON, "far": FAR})
    store = SQLiteStore(data, open_keyring(data, master).audit)
    with asyncio.Runner() as runner:
        for owner in (MANY, FEW):
            runner.run(store.act(adding_owner(make_owner(id=owner))))
        runner.run(use_all_but_a_few(data))
        yield store
        runner.run(store.close())


async def use_all_but_a_few(data: Path) -> None:
    counts = SQLiteCounts(data)
    await counts.add([make_use(f"cred_{i:012}", 1, NOON) for i in range(ROWS) if i % 1000 - 2])
    counts.close()


class Asked:
    """What one page asked of the engine: its statements, and a count of its steps in thousands."""

    def __init__(self, store: SQLiteStore) -> None:
        self.base = store._browses.run.connection
        self.statements: list[str] = []
        self.thousands = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        self.base.set_trace_callback(self.statements.append)
        self.base.set_progress_handler(self._step, 1000)
        try:
            yield
        finally:
            self.base.set_trace_callback(None)
            self.base.set_progress_handler(None, 0)

    def _step(self) -> int:
        self.thousands += 1
        return 0

    def plans(self) -> list[str]:
        """Return how each statement that chose a page's rows read the table."""
        selects = [s for s in self.statements if s.startswith("SELECT") and "JOIN" not in s]
        found = [self.base.execute(f"EXPLAIN QUERY PLAN {s}").fetchall() for s in selects]
        return [row[3] for plan in found for row in plan if " credentials " in row[3]]


def ask(store: SQLiteStore, query: CredentialQuery, after: Position | None = None) -> Page[Listed]:
    with asyncio.Runner() as runner:
        return runner.run(
            store.browse(lambda tx: tx.credentials.page(query, PageRequest(200, after)))
        )


def query_of(sort: CredentialSort = "-created_at", **asked: Any) -> CredentialQuery:  # noqa: ANN401
    return CredentialQuery(**{"visible": None, "at": NOON, "sort": sort, **asked})


def walk(store: SQLiteStore, query: CredentialQuery) -> list[Page[Listed]]:
    found = [ask(store, query)]
    while found[-1].next is not None:
        found.append(ask(store, query, found[-1].next))
    return found


def ids_of(pages: list[Page[Listed]]) -> list[int]:
    return [int(listed.credential.id[5:]) for page in pages for listed in page.items]


EVERY: dict[str, dict[str, Any]] = {
    "nothing": {},
    "an owner of many": {"owner_id": MANY},
    "an owner of few": {"owner_id": FEW},
    "his own": {"visible": frozenset({FEW})},
    "several owners'": {"visible": frozenset({FEW, "own_nobody", "own_nobody2"})},
    "the usual kind": {"kind": "api_token"},
    "a rare kind": {"kind": "api_key"},
    "active": {"state": "active"},
    "expiring": {"state": "expiring"},
    "expired": {"state": "expired"},
    "not yet valid": {"state": "not_yet_valid"},
    "disabled": {"state": "disabled"},
    "revoked": {"state": "revoked"},
    "ending soon": {"expires_before": later(SOON, 1)},
    "ending late": {"expires_before": later(FAR, DAY)},
    "ending never": {"expires_before": later(NOON, -900 * DAY)},
    "not used tomorrow": {"last_used_before": later(NOON, 1)},
    "an owner's revoked": {"owner_id": FEW, "state": "revoked"},
    "a kind's active": {"kind": "api_token", "state": "active"},
    "a great owner's expired": {"owner_id": MANY, "state": "expired"},
    "a great owner's active": {"owner_id": MANY, "state": "active"},
}


def asked_for(store: SQLiteStore, query: CredentialQuery) -> Asked:
    asked = Asked(store)
    with asked.listening():
        ask(store, query)
    return asked


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("wanted", EVERY.values(), ids=EVERY.keys())
def test_every_list_reads_by_an_index_and_little_of_it(
    store: SQLiteStore, wanted: dict[str, Any], sort: CredentialSort
) -> None:
    asked = asked_for(store, query_of(sort, **wanted))
    for line in asked.plans():
        assert " INDEX credentials_" in line, "a list's own index"
    # A page of 200 alone takes 15,000 steps, and reading a column of every row 2,000,000.
    assert asked.thousands <= 100


@pytest.mark.parametrize("sort", SORTS)
def test_of_an_owners_list_no_more_is_read_than_its_page(
    store: SQLiteStore, sort: CredentialSort
) -> None:
    assert asked_for(store, query_of(sort, owner_id=MANY)).thousands <= 20


@pytest.mark.parametrize("sort", SORTS)
def test_who_is_not_used_is_looked_for_within_bounds(
    store: SQLiteStore, sort: CredentialSort
) -> None:
    asked = asked_for(store, query_of(sort, last_used_before=NOON))
    assert all(" INDEX credentials_" in line for line in asked.plans())
    assert asked.thousands <= 600


RARE: dict[str, tuple[dict[str, Any], set[int]]] = {
    "of an owner": ({"owner_id": FEW}, {8}),
    "of a kind": ({"kind": "api_key"}, {9}),
    "expiring": ({"state": "expiring"}, {4}),
    "expired": ({"state": "expired"}, {3}),
    "not yet valid": ({"state": "not_yet_valid"}, {5}),
    "disabled": ({"state": "disabled"}, {6}),
    "revoked": ({"state": "revoked"}, {7}),
    "ending": ({"expires_before": later(SOON, 1)}, {3, 4}),
    "unused": ({"last_used_before": NOON}, {2}),
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("wanted", RARE.values(), ids=RARE.keys())
def test_what_is_rare_is_found_whole_and_in_order(
    store: SQLiteStore, wanted: tuple[dict[str, Any], set[int]], sort: CredentialSort
) -> None:
    query, turns = wanted
    every = 20_000 if "kind" in query else 1_000
    pages = walk(store, query_of(sort, **query))
    assert ids_of(pages) == ordered([i for i in range(ROWS) if i % 10 and i % every in turns], sort)
    short = any(len(page.items) < 200 for page in pages[:-1])
    assert short == ("last_used_before" in query)


def ordered(numbers: list[int], sort: CredentialSort) -> list[int]:
    """Return rows as a list has them; those without an end come last in both directions."""

    def key(i: int) -> tuple[Any, ...]:
        match sort.removeprefix("-"):
            case "name":
                return (i * 7919 % 1_000_003,)
            case "expires_at":
                return (end_of(i) or 0, i)
            case _:
                return (i,)

    down = sort.startswith("-")
    found = sorted(numbers, key=key, reverse=down)
    if not sort.endswith("expires_at"):
        return found
    return [i for i in found if end_of(i)] + [i for i in found if not end_of(i)]


def end_of(i: int) -> int | None:
    named = {3: PAST, 4: SOON}.get(i % 1000)
    if named is not None:
        return named
    return FAR + i if i % 3 else None


@pytest.mark.parametrize("sort", SORTS)
def test_a_text_is_found_wherever_it_is_and_no_request_reads_everything(
    store: SQLiteStore, sort: CredentialSort
) -> None:
    first, last = ("token 0007919", 1), (f"token {(ROWS - 1) * 7919 % 1_000_003:07}", ROWS - 1)
    for text, number in (first, last):
        query = query_of(sort, q=text)
        pages = walk(store, query)
        assert ids_of(pages) == [number]
        assert len(pages) <= 3
        assert asked_for(store, query).thousands <= 4_000


@pytest.mark.parametrize("sort", SORTS)
def test_a_text_that_many_have_fills_a_page_at_once(
    store: SQLiteStore, sort: CredentialSort
) -> None:
    query = query_of(sort, q="token 0")
    assert len(ask(store, query).items) == 200
    assert asked_for(store, query).thousands <= 100


def test_a_text_is_looked_for_where_nothing_else_is(store: SQLiteStore) -> None:
    for sort in ("created_at", "-created_at"):
        plans = asked_for(store, query_of(sort, q="token 0")).plans()
        assert all("COVERING INDEX credentials_search" in line for line in plans)
