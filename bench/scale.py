"""What changes where there are a million tokens instead of a hundred thousand, measured side by side.

Both servers run at once, and are asked by turns, so that whatever else the machine does befalls both. Lists
are compared by the processor time that they take: it is read in steps of 10 ms, over all rounds.
`KEYSTEAD_BENCH_TOKENS` names another number.
"""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median
from typing import Final

from bench.figures import Figure
from bench.listing import STORED, Lists, filters, orders, stocked, texts
from bench.load import cpu_ms, load, memory_mb
from bench.starting import seconds_to_start
from tests.running import Server

TOKENS: Final = int(os.environ.get("KEYSTEAD_BENCH_TOKENS", "1000000"))
_ROUNDS: Final = 60
_STARTS: Final = 5
_SECRET: Final = "s" * 1024


def measure(place: Path) -> list[Figure]:
    place.mkdir()
    few, owners = stocked(place / "few")
    many, more_owners = stocked(place / "many", TOKENS)
    try:
        by_index = [*orders(), *filters(owners[1])]
        queries = [query for _, query in [*orders(), *filters(more_owners[1])]]
        found = [
            _listed(few, many, work, query, other)
            for (work, query), other in zip(by_index, queries, strict=True)
        ]
        found += [_listed(few, many, work, query, query, "") for work, query in texts()]
        found.append(_fetched(few, many))
        found.append(
            Figure(
                "memory after that",
                f"{memory_mb(many.process.pid):.0f} MB, {memory_mb(few.process.pid):.0f} MB",
            )
        )
    finally:
        few.stop()
        many.stop()
    found.append(Figure("disk a token, with its row, secret and indexes", _disk(many, few)))
    found.append(_started(few.data, many.data))
    return found


def _listed(
    few: Server, many: Server, work: str, query: str, other: str, target: str = "≤ 1.10"
) -> Figure:
    """Ask both by turns; what matches may be ten times as much, a page is a page."""
    lists = Lists(few), Lists(many)
    for asker, asked in zip(lists, (query, other), strict=True):
        asker.often(asked, 1)
    before = cpu_ms(few.process.pid), cpu_ms(many.process.pid)
    took: tuple[list[float], list[float]] = ([], [])
    items = [0, 0]
    for _ in range(_ROUNDS):
        for n, asked in enumerate((query, other)):
            once = lists[n].once(asked)
            took[n].append(once.ms[0])
            items[n] = once.items
    small = (cpu_ms(few.process.pid) - before[0]) / _ROUNDS
    large = (cpu_ms(many.process.pid) - before[1]) / _ROUNDS
    ratio = large / small
    shown = (
        f"{ratio:.2f}: {large:.1f} ms CPU, median {median(took[1]):.1f} ms for {items[1]}; "
        f"{small:.1f} ms CPU, median {median(took[0]):.1f} ms for {items[0]}"
    )
    for each in lists:
        each.close()
    return Figure(f"a list {work}", shown, target, ratio <= 1.1 if target else None)


def _fetched(few: Server, many: Server) -> Figure:
    rates: tuple[list[float], list[float]] = ([], [])
    for n, server in enumerate((few, many, few, many)):
        folder = server.folder()
        account = server.account(folder["id"], fields={"password": _SECRET})
        token, _ = server.token("secrets:read")
        asked = load(server, f"/api/v1/accounts/{account['id']}/secret", token=token, seconds=4)
        assert not asked.wrong, asked.example
        rates[n % 2].append(asked.rate)
    small, large = max(rates[0]), max(rates[1])
    shown = f"{large / small:.2f}: {large:,.0f}/s; {small:,.0f}/s"
    return Figure("fetching a secret by id", shown, "≥ 0.90", large / small >= 0.9)


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
