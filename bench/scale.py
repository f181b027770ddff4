"""What changes where there are a million tokens instead of a hundred thousand, measured side by side.

Both servers run at once, and are asked by turns, so that whatever else the machine does befalls both. Lists
on SQLite are compared by the processor time that they take: it is read in steps of 10 ms, over all rounds.
On PostgreSQL, whose own processes do a part of the work, it is the median of what the client waits.
`KEYSTEAD_BENCH_TOKENS` names another number.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench.figures import Figure
from bench.listing import STORED, Lists, filters, orders, stocked, texts
from bench.load import Load, cpu_ms, load, memory_mb
from bench.starting import seconds_to_start
from keystead.store.postgres.aside import Aside
from tests.running import KEYSTEAD, Server, start
from tests.store.servers import own_schema

TOKENS: Final = int(os.environ.get("KEYSTEAD_BENCH_TOKENS", "1000000"))
_ROUNDS: Final = 60
_STARTS: Final = 5
_SECRET: Final = "s" * 1024


class Pair(NamedTuple):
    """Two servers, the one with fewer tokens first, and an owner of each.

    Attributes:
        by_cpu: lists are compared by processor time.
    """

    few: Server
    many: Server
    owners: tuple[str, str]
    by_cpu: bool = True


def measure(place: Path) -> list[Figure]:
    place.mkdir()
    few, owners = stocked(place / "few")
    many, more_owners = stocked(place / "many", TOKENS)
    pair = Pair(few, many, (owners[1], more_owners[1]))
    try:
        found = _compared(pair)
    finally:
        few.stop()
        many.stop()
    found.append(Figure("disk a token, with its row, secret and indexes", _disk(many, few)))
    found.append(_started(few.data, many.data))
    return found


def measure_on_postgresql(place: Path) -> list[Figure]:
    """Move both installations to PostgreSQL, and compare them there."""
    place.mkdir()
    with ExitStack() as stack:
        servers, owners = [], []
        for name, tokens in (("few", STORED), ("many", TOKENS)):
            server, dealt_to = stocked(place / name, tokens)
            server.stop()
            admin = {"admin_token": server.admin_token, "admin_password": server.admin_password}
            url = stack.enter_context(own_schema())
            move = [KEYSTEAD, "migrate-store", "--data", str(server.data), "--database-url", url]
            subprocess.run(move, check=True, capture_output=True)
            with Aside(url) as database:
                database.execute("ANALYZE")
            servers.append(start(server.data, admin))
            stack.callback(servers[-1].stop)
            owners.append(dealt_to[1])
        few, many = servers
        found = _compared(Pair(few, many, (owners[0], owners[1]), by_cpu=False))
        for server in servers:
            server.stop()
        return [*found, _started(few.data, many.data)]


def _compared(pair: Pair) -> list[Figure]:
    works = [
        (work, (query, other))
        for (work, query), (_, other) in zip(
            [*orders(), *filters(pair.owners[0])],
            [*orders(), *filters(pair.owners[1])],
            strict=True,
        )
    ]
    found = [_listed(pair, work, queries) for work, queries in works]
    # Every text is read where a page is not full before: that takes as long as there are many.
    found += [_listed(pair, work, (query, query), most=10) for work, query in texts()]
    found.append(_fetched(pair))
    memory = (memory_mb(server.process.pid) for server in (pair.many, pair.few))
    found.append(Figure("memory after that", ", ".join(f"{size:.0f} MB" for size in memory)))
    return found


def _listed(pair: Pair, work: str, queries: tuple[str, str], most: float = 1.1) -> Figure:
    """Ask both by turns; what matches may be ten times as much, a page is a page."""
    servers = (pair.few, pair.many)
    lists = [Lists(server) for server in servers]
    for asker, asked in zip(lists, queries, strict=True):
        asker.often(asked, 1)
    before = [cpu_ms(server.process.pid) for server in servers]
    took: tuple[list[float], list[float]] = ([], [])
    items, busy = [0, 0], [0, 0]
    for _ in range(_ROUNDS):
        for n, asked in enumerate(queries):
            once = lists[n].once(asked)
            took[n].append(once.ms[0])
            items[n] = once.items
            busy[n] += once.busy
    cpu = [
        (cpu_ms(server.process.pid) - begun) / _ROUNDS
        for server, begun in zip(servers, before, strict=True)
    ]
    waited = [median(each) for each in took]
    small, large = cpu if pair.by_cpu else waited
    ratio = large / small
    told = [f"{cpu[n]:.1f} ms CPU, median {waited[n]:.1f} ms for {items[n]}" for n in (1, 0)]
    for each in lists:
        each.close()
    shown = f"{ratio:.2f}: {told[0]}; {told[1]}"
    if any(busy):
        shown = f"{shown}; {busy[1]} and {busy[0]} of {_ROUNDS} took the database too long"
    met = ratio <= most and not any(busy)
    return Figure(f"a list {work}", shown, f"≤ {most:.2f}", met)


def _fetched(pair: Pair) -> Figure:
    loads: tuple[list[Load], list[Load]] = ([], [])
    for n, server in enumerate((pair.few, pair.many) * 2):
        folder = server.folder()
        account = server.account(folder["id"], fields={"password": _SECRET})
        token, _ = server.token("secrets:read")
        asked = load(server, f"/api/v1/accounts/{account['id']}/secret", token=token, seconds=4)
        assert not asked.wrong, asked.example
        loads[n % 2].append(asked)
    small, large = (max(each, key=lambda load: load.rate) for each in loads)
    # What the server spends on each is what it can do; how many a second, what the machine does besides.
    ratio = small.cpu_ms / large.cpu_ms if pair.by_cpu else large.rate / small.rate
    shown = f"{ratio:.2f}: {large.shown}; {small.shown}"
    return Figure("fetching a secret by id", shown, "≥ 0.90", ratio >= 0.9)


def _disk(*servers: Server) -> str:
    shown = []
    for server, tokens in zip(servers, (TOKENS, STORED), strict=True):
        size = sum(file.stat().st_size for file in server.data.glob("*.db"))
        shown.append(f"{size / tokens:,.0f} B")
    return "; ".join(shown)


def _started(few: Path, many: Path) -> Figure:
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(_STARTS):
        for n, data in enumerate((few, many)):
            took[n].append(seconds_to_start(data))
    shown = f"{median(took[1]):.2f} s; {median(took[0]):.2f} s"
    return Figure("`keystead serve` to its first answer", shown, "< 2 s", median(took[1]) < 2)
