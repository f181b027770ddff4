"""The same work on the embedded database and on PostgreSQL, one after the other."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from bench import fetch
from bench.figures import Figure
from bench.load import load
from tests.running import KEYSTEAD, Server, running, start
from tests.store.servers import own_schema


def measure(place: Path) -> list[Figure]:
    place.mkdir()
    found = []
    with running(place / "sqlite") as server:
        embedded = _work(server)
    with own_schema() as url:
        data = place / "postgresql"
        init = [KEYSTEAD, "init", "--data", str(data), "--database-url", url, "--json"]
        admin = json.loads(subprocess.run(init, capture_output=True, check=True).stdout)
        server = start(data, admin)
        try:
            served = _work(server)
        finally:
            server.stop()
    for (work, here, _), (_, there, ratio) in zip(embedded, served, strict=True):
        found.append(Figure(f"{work}, SQLite", here))
        shown = f"{there}; {ratio / _rate(embedded, work):.2f} of SQLite"
        found.append(Figure(f"{work}, PostgreSQL on this machine", shown))
    return found


def _work(server: Server) -> list[tuple[str, str, float]]:
    found = [(work, each.shown, each.rate) for work, each in fetch.fetches(server)[:2]]
    token, _ = server.token("accounts:list")
    whoami = load(server, "/api/v1/whoami", token=token)
    for number in range(200):
        server.token("accounts:list", name=f"listed {number:03d}")
    listed = load(server, "/api/v1/credentials?page_size=200", token=server.admin_token, seconds=4)
    return [
        *found,
        ("whoami", whoami.shown, whoami.rate),
        ("a list of 200 tokens", listed.shown, listed.rate),
    ]


def _rate(works: list[tuple[str, str, float]], wanted: str) -> float:
    return next(rate for work, _, rate in works if work == wanted)
