"""Lists of tokens where there are 100,000: in each order, filtered, and as an owner who sees only his own."""

from __future__ import annotations

import time
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Final, NamedTuple

from bench.figures import Figure
from bench.furnish import add_tokens
from bench.load import cpu_ms
from tests.running import Server, initialise, start

STORED: Final = 100_000
_OWNERS: Final = 50
_ROUNDS: Final = 100
_LIST: Final = "/api/v1/credentials?page_size=200"
_SORTS: Final = ("-created_at", "created_at", "name", "-name", "expires_at", "-expires_at")
_STATES: Final = ("active", "expiring", "expired", "disabled", "revoked", "not_yet_valid")


class Asked(NamedTuple):
    """A list, asked for once or often: how long each took, and what the last one answered."""

    ms: list[float]
    size: int
    items: int
    busy: bool = False

    @property
    def shown(self) -> str:
        return f"median {median(self.ms):.1f} ms, p99 {quantiles(self.ms, n=100)[98]:.1f} ms"


class Lists:
    """Asks a server for lists, one after another on one connection."""

    def __init__(self, server: Server, token: str | None = None) -> None:
        presented = server.admin_token if token is None else token
        self._headers = {"Authorization": f"Bearer {presented}"}
        self._connection = HTTPConnection(server.url.removeprefix("http://"), timeout=60)

    def once(self, query: str) -> Asked:
        begun = time.perf_counter()
        self._connection.request("GET", _LIST + query, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        spent = (time.perf_counter() - begun) * 1000
        busy = answer.status == 503
        assert busy or answer.status == 200, body
        return Asked([spent], len(body), body.count(b'"public_id"'), busy=busy)

    def often(self, query: str, rounds: int = _ROUNDS) -> Asked:
        for _ in range(3):
            self.once(query)
        asked = [self.once(query) for _ in range(rounds)]
        return Asked([a.ms[0] for a in asked], asked[-1].size, asked[-1].items)

    def close(self) -> None:
        self._connection.close()


def orders() -> list[tuple[str, str]]:
    """Return what sorts alone, each as its words and its query."""
    return [(f"sorted by {sort}", f"&sort={sort}") for sort in _SORTS]


def filters(owner: str) -> list[tuple[str, str]]:
    """Return what asks for some of them, by an index."""
    states = [(f"state {state}", f"&state={state}") for state in _STATES]
    return [
        ("of one owner", f"&owner={owner}"),
        ("of one owner, by name", f"&owner={owner}&sort=name"),
        *states,
        ("state expiring, by name", "&state=expiring&sort=name"),
        ("state revoked, by end", "&state=revoked&sort=expires_at"),
        ("state not_yet_valid, by end", "&state=not_yet_valid&sort=expires_at"),
        ("of one kind", "&kind=api_token"),
        ("that ended, by name", "&expires_before=2026-01-01T00:00:00Z&sort=name"),
        ("not used for a day", "&last_used_before=2020-01-01T00:00:00Z"),
    ]


def texts() -> list[tuple[str, str]]:
    """Return what looks for a text."""
    return [
        ("text found in each name", "&q=service"),
        ("text found in 1 name of 100", "&q=service%20000"),
        ("text found in 1 name", "&q=service%200007919"),
        ("text found in 1 name, by name", "&q=service%200007919&sort=name"),
        ("text found nowhere", "&q=nowhere"),
    ]


def measure(data: Path) -> list[Figure]:
    server, owners = stocked(data)
    try:
        lists = Lists(server)
        asked = [
            *orders(),
            ("a page in the middle, by name", _middle(server)),
            *filters(owners[1]),
            *texts(),
        ]
        found = [_figure(server, lists, work, query) for work, query in asked]
        lists.close()
        own, _ = server.token("credentials:list", owner_id=owners[0])
        lists = Lists(server, own)
        found += [
            _figure(server, lists, "as an application that sees its own 2,000", ""),
            _figure(server, lists, "the same, by name", "&sort=name"),
            _figure(server, lists, "the same, by end", "&sort=expires_at"),
        ]
        lists.close()
    finally:
        server.stop()
    return found


def stocked(data: Path, tokens: int = STORED) -> tuple[Server, list[str]]:
    """Return a server with so many tokens of 50 applications."""
    admin = initialise(data)
    server = start(data, admin)
    owners = []
    for n in range(_OWNERS):
        wanted = {"kind": "application", "name": f"application {n}", "roles": ["user"]}
        owners.append(server.call("POST", "/api/v1/owners", wanted).json()["id"])
    server.stop()
    add_tokens(data, owners, tokens)
    return start(data, admin), owners


def _middle(server: Server) -> str:
    token = ""
    for _ in range(100):
        page = server.call("GET", f"{_LIST}&sort=name{token}").json()
        token = f"&page_token={page['next_page_token']}"
    return f"&sort=name{token}"


def _figure(server: Server, lists: Lists, work: str, query: str) -> Figure:
    before = cpu_ms(server.process.pid)
    asked = lists.often(query)
    cpu = (cpu_ms(server.process.pid) - before) / (len(asked.ms) + 3)
    shown = f"{asked.shown}, {cpu:.1f} ms CPU, {asked.size:,} bytes"
    met = median(asked.ms) < 15
    return Figure(f"{asked.items} of {STORED:,}, {work}", shown, "< 15 ms", met)
