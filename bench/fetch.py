"""The main job: a 1 KB secret by id and by path, as JSON and as text, entered before it is answered."""

from __future__ import annotations

import string
from pathlib import Path

from bench import floor
from bench.figures import Figure
from bench.load import Load, load, memory_mb
from tests.running import Server, running

_SECRET = (string.ascii_letters * 20)[:1024]
_TEXT = {"Accept": "text/plain"}


def measure(data: Path) -> list[Figure]:
    found, rate = floor.measure(data)
    with running(data) as server:
        found.append(Figure("`GET /healthz`, for comparison", _idle(server)))
        found += [_figure(work, each, rate) for work, each in fetches(server)]
        report = server.call("GET", "/api/v1/audit/verify").json()
        (chain,) = report["chains"]
        found.append(
            Figure(
                "the chain of all these entries",
                f"{chain['entries']:,} entries, {'intact' if report['intact'] else 'BROKEN'}",
                "intact",
                report["intact"],
            )
        )
        found.append(
            Figure("memory of the server after that", f"{memory_mb(server.process.pid):.0f} MB")
        )
    return found


def with_two_workers(data: Path) -> list[Figure]:
    with running(data, "--workers", "2") as server:
        return [Figure(work, each.shown) for work, each in fetches(server)[:2]]


def fetches(server: Server) -> list[tuple[str, Load]]:
    """Measure each way to fetch one secret."""
    folder = server.folder()
    account = server.account(folder["id"], fields={"password": _SECRET}, username="orders")
    token, _ = server.token("secrets:read", networks=["127.0.0.0/8"])
    by_id = f"/api/v1/accounts/{account['id']}/secret"
    by_path = f"/api/v1/secrets/{account['path']}".replace(" ", "%20")
    found = []
    for work, path, headers in (
        ("a secret by id, JSON", by_id, {}),
        ("a secret by path, JSON", by_path, {}),
        ("a secret by id, text/plain", by_id, _TEXT),
        ("a secret by path, text/plain", by_path, _TEXT),
    ):
        once = server.call("GET", path, token=token, headers=headers)
        assert once.status == 200, once.body
        assert _SECRET.encode() in once.body
        found.append((work, load(server, path, token=token, headers=headers, body=once.body)))
    return found


def _idle(server: Server) -> str:
    return load(server, "/healthz", token="none", body=b'{"status":"alive"}', seconds=4).shown


def _figure(work: str, found: Load, rate: float) -> Figure:
    met = found.rate >= 3000 and found.p99_ms < 40 and found.cpu_ms < 0.6 and not found.wrong
    # What the same ratio to the floor would give where the targets were set.
    there = found.rate / rate * floor.REFERENCE
    return Figure(
        work,
        f"{found.shown}; {found.rate / rate:.3f} of the floor, as {there:,.0f}/s there",
        "≥ 3,000/s (0.060 of the floor), p99 < 40 ms, < 0.6 ms CPU, all right",
        met,
    )
