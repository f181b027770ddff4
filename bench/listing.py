"""Lists of tokens where there are 100,000: in each order, filtered, and as an owner who sees only his own."""

from __future__ import annotations

import time
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from bench.figures import Figure
from bench.furnish import add_tokens
from tests.running import Server, initialise, start

STORED: Final = 100_000
_ROUNDS: Final = 100
_LIST: Final = "/api/v1/credentials?page_size=200"
_SORTS: Final = ("-created_at", "created_at", "name", "-name", "expires_at", "-expires_at")


def measure(data: Path) -> list[Figure]:
    server, owners = stocked(data)
    try:
        own, _ = server.token("credentials:list", owner_id=owners[0])
        found = [_figure(server, f"sorted by {sort}", f"&sort={sort}") for sort in _SORTS]
        found.append(_figure(server, "a page in the middle, by name", _middle(server)))
        found.append(_figure(server, "of one owner (2,000)", f"&owner={owners[1]}"))
        states = ("active", "expiring", "revoked", "not_yet_valid")
        found += [_figure(server, f"state {state}", f"&state={state}") for state in states]
        found += [
            _figure(server, "text found in each name", "&q=service"),
            _figure(server, "text found in 100 names", "&q=service%20000"),
            _figure(server, "text found nowhere", "&q=nowhere", target=""),
            _figure(server, "not used for a day", "&last_used_before=2020-01-01T00:00:00Z"),
            _figure(server, "as an application that sees its own 2,000", "", token=own),
            _figure(server, "the same, by name", "&sort=name", token=own),
            _figure(server, "the same, by end", "&sort=expires_at", token=own),
        ]
    finally:
        server.stop()
    return found


def stocked(data: Path) -> tuple[Server, list[str]]:
    """Return a server with 100,000 tokens of 50 applications."""
    admin = initialise(data)
    server = start(data, admin)
    owners = []
    for n in range(50):
        wanted = {"kind": "application", "name": f"application {n}", "roles": ["user"]}
        owners.append(server.call("POST", "/api/v1/owners", wanted).json()["id"])
    server.stop()
    add_tokens(data, owners, STORED)
    return start(data, admin), owners


def _middle(server: Server) -> str:
    token = ""
    for _ in range(100):
        page = server.call("GET", f"{_LIST}&sort=name{token}").json()
        token = f"&page_token={page['next_page_token']}"
    return f"&sort=name{token}"


def _figure(
    server: Server, work: str, query: str, *, token: str | None = None, target: str = "< 15 ms"
) -> Figure:
    presented = server.admin_token if token is None else token
    headers = {"Authorization": f"Bearer {presented}"}
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    took = []
    size, items = 0, 0
    for turn in range(_ROUNDS + 3):
        begun = time.perf_counter()
        connection.request("GET", _LIST + query, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        spent = (time.perf_counter() - begun) * 1000
        assert answer.status == 200, body
        if turn >= 3:
            took.append(spent)
        if turn == 0 and spent > 300:
            # So slow that a hundred times would tell nothing more.
            return Figure(f"200 of {STORED:,}, {work}", f"{spent:.0f} ms, once", target, not target)
        size, items = len(body), body.count(b'"public_id"')
    connection.close()
    shown = f"median {median(took):.1f} ms, p99 {quantiles(took, n=100)[98]:.1f} ms"
    name = f"{items} of {STORED:,}, {work}"
    return Figure(name, f"{shown}, {size:,} bytes", target, median(took) < 15 if target else None)
