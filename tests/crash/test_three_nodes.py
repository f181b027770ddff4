"""Law 3 over three nodes: none accepts what another took away, nor anything when it is cut off."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import quantiles
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.crash.cluster import own_cluster
from tests.crash.line import Line
from tests.crash.namespaces import HERE, own_namespace
from tests.crash.nodes import found, join
from tests.running import KEYSTEAD, Server, start
from tests.store.servers import own_schema, require_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crash.namespaces import Namespace

pytestmark = pytest.mark.postgresql

_CLIENTS = 4


class Taken(NamedTuple):
    """How a token is taken away, and what it is answered from then on."""

    method: str
    path: str
    body: object
    refused: tuple[int, str]


TAKEN = (
    Taken("POST", "/revoke", None, (401, "credential_revoked")),
    Taken("PATCH", "", {"networks": ["192.0.2.1"]}, (403, "network_denied")),
)


def test_what_one_of_three_nodes_revokes_all_refuse(tmp_path: Path) -> None:
    lags = revocations(tmp_path, 120)
    assert max(lags) < 1.0


@pytest.mark.trial
def test_ten_thousand_revocations_and_none_is_accepted_after_it(tmp_path: Path) -> None:
    lags = revocations(tmp_path, 10_000)
    spread = quantiles(lags, n=1000)
    print(
        f"10,000 revocations: none accepted on the node itself; on the others worst lag "
        f"{max(lags) * 1000:.0f} ms, median {spread[499] * 1000:.1f} ms, p99 {spread[989] * 1000:.1f} ms"
    )
    assert max(lags) < 1.0


def revocations(home: Path, count: int) -> list[float]:
    """Revoke and narrow on the first node; return how long each of the others went on to accept."""
    require_server()
    with ExitStack() as stack:
        url = stack.enter_context(own_schema())
        admin = found(home / "0", url)
        nodes = [start(home / "0", admin, "--workers", "2")]
        stack.callback(nodes[0].stop)
        for number in (1, 2):
            join(home / "0", home / str(number), url, number)
            nodes.append(start(home / str(number), admin))
            stack.callback(nodes[-1].stop)
        watchers = stack.enter_context(ThreadPoolExecutor(_CLIENTS * 2))
        revoking = _Revoking(nodes, watchers)
        with ThreadPoolExecutor(_CLIENTS) as clients:
            list(clients.map(revoking.some, [count // _CLIENTS] * _CLIENTS))
        assert revoking.accepted == 0, "accepted on the node that had answered"
        assert len(revoking.lags) == count // _CLIENTS * _CLIENTS * 2
        return revoking.lags


class _Revoking:
    """Clients that take a token away at the first node, each other node asked for it all the while."""

    def __init__(self, nodes: list[Server], watchers: ThreadPoolExecutor) -> None:
        self._nodes = nodes
        self._watchers = watchers
        self._lock = Lock()
        self.lags: list[float] = []
        self.accepted = 0

    def some(self, count: int) -> None:
        lines = [Line(node, node.admin_token) for node in self._nodes]
        # A second line to the first node, which its other worker may hold.
        also = Line(self._nodes[0], self._nodes[0].admin_token)
        for number in range(count):
            self._one(lines, also, TAKEN[number % len(TAKEN)])
        for line in (*lines, also):
            line.close()

    def _one(self, lines: list[Line], also: Line, taken: Taken) -> None:
        first, *others = lines
        wanted = {
            "kind": "api_token", "name": self._nodes[0].unique("revoked"),
            "scopes": ["accounts:list"], "expires_at": None,
        }  # fmt: skip
        status, made, _ = first.ask("POST", "/api/v1/credentials", wanted)
        assert status == 201, made
        token = made["secret"]
        for line in (*lines, also):
            assert _is_good(line, token, taken), "every node remembers it"
        watching = [self._watchers.submit(_last_good, line, token, taken) for line in others]
        path = f"/api/v1/credentials/{made['credential']['id']}{taken.path}"
        status, answer, _ = first.ask(taken.method, path, taken.body)
        answered = time.monotonic()
        assert status == 200, answer
        accepted = sum(_is_good(line, token, taken) for line in (first, also))
        lags = [max(0.0, watched.result() - answered) for watched in watching]
        with self._lock:
            self.accepted += accepted
            self.lags += lags


def _last_good(line: Line, token: str, taken: Taken) -> float:
    """Ask until it is refused; return when the last request that it let through was sent."""
    last, asked = 0.0, time.monotonic()
    begun = asked
    while _is_good(line, token, taken):
        last, asked = asked, time.monotonic()
        assert asked < begun + 20, "it never hears"
    return last


def _is_good(line: Line, token: str, taken: Taken) -> bool:
    status, found, _ = line.ask("GET", "/api/v1/whoami", token=token)
    assert status == 200 or (status, found["code"]) == taken.refused, found
    return status == 200


@pytest.mark.trial
def test_a_node_without_a_route_refuses_within_five_seconds_and_comes_back(tmp_path: Path) -> None:
    with ExitStack() as stack:
        there = stack.enter_context(own_namespace())
        cluster = stack.enter_context(own_cluster(HERE))
        admin = found(tmp_path / "0", cluster.url)
        first = start(tmp_path / "0", admin)
        stack.callback(first.stop)
        for number in (1, 2):
            join(tmp_path / "0", tmp_path / str(number), cluster.url, number)
        near = start(tmp_path / "1", admin)
        stack.callback(near.stop)
        far = there.call(lambda: start(tmp_path / "2", admin, program=(*there.program, KEYSTEAD)))
        stack.callback(far.stop)
        for _ in range(3):
            _cut_off_and_back(first, near, far, there)


def _cut_off_and_back(first: Server, near: Server, far: Server, there: Namespace) -> None:
    token, _ = first.token("accounts:list")

    def ask() -> tuple[int, str]:
        answer = there.call(lambda: far.call("GET", "/api/v1/whoami", token=token))
        return answer.status, "" if answer.status == 200 else answer.code

    assert ask() == (200, "")
    there.cut()
    cut = time.monotonic()
    while (said := ask()) == (200, ""):
        assert time.monotonic() < cut + 5
        time.sleep(0.02)
    refused = time.monotonic() - cut
    assert said == (503, "not_fresh")
    for node in (first, near):
        assert node.call("GET", "/api/v1/whoami", token=token).status == 200
    there.mend()
    mended = time.monotonic()
    while ask() != (200, ""):
        assert time.monotonic() < mended + 15, "it comes back by itself"
        time.sleep(0.05)
    print(
        f"cut off: refused after {refused:.2f} s, back {time.monotonic() - mended:.2f} s after the mend"
    )
    assert refused < 5
