"""Law 3 over three nodes: none accepts what another took away, nor anything when it is cut off."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random
from statistics import quantiles
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.crash.cluster import own_cluster
from tests.crash.line import Line, line_to_each, worker_of
from tests.crash.namespaces import HERE, own_namespace
from tests.crash.nodes import found, join
from tests.crash.stream import Stream
from tests.running import KEYSTEAD, Server, start
from tests.store.servers import own_schema, require_server, sql_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crash.namespaces import Namespace
    from tests.figures import Figures

pytestmark = pytest.mark.postgresql

_CLIENTS = 4


class Taken(NamedTuple):
    """How a token is taken away, and what it is answered from then on."""

    name: str
    method: str
    path: str
    body: object
    refused: tuple[int, str]


REVOKED = Taken("revoked", "POST", "/revoke", None, (401, "credential_revoked"))
NARROWED = Taken("narrowed", "PATCH", "", {"networks": ["192.0.2.1"]}, (403, "network_denied"))


class Taking(NamedTuple):
    """What came of it.

    Attributes:
        accepted: requests that the node let through after its own answer; by either of its workers.
        lags: how long each of the other nodes went on to accept, in seconds.
        beside: acts that others were answered meanwhile.
    """

    accepted: int
    lags: list[float]
    beside: int


def test_what_one_of_three_nodes_takes_away_all_refuse(tmp_path: Path) -> None:
    taking = take_away(tmp_path, revocations=100, narrowings=20)
    assert taking.accepted == 0
    assert max(taking.lags) < 1.0


@pytest.mark.trial
def test_ten_thousand_revocations_and_none_is_accepted_after_it(
    tmp_path: Path, figures: Figures
) -> None:
    taking = take_away(tmp_path, revocations=10_000, narrowings=1_000)
    spread = quantiles(taking.lags, n=1000)
    assert taking.accepted == 0
    assert max(taking.lags) < 1.0
    figures.write(
        "Ten thousand revocations on one of three nodes, under load",
        revocations_answered="10,000",
        networks_narrowed_besides="1,000",
        acts_of_others_answered_meanwhile=f"{taking.beside:,}",
        accepted_by_the_node_after_its_answer=taking.accepted,
        worst_lag_of_the_other_nodes=f"{max(taking.lags) * 1000:.0f} ms",
        their_p99=f"{spread[989] * 1000:.1f} ms",
        their_median=f"{spread[499] * 1000:.1f} ms",
    )


def take_away(home: Path, revocations: int, narrowings: int) -> Taking:
    """Revoke and narrow on the first of three nodes, while others issue, fetch and revoke there too."""
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
        acts = [REVOKED] * revocations + [NARROWED] * narrowings
        Random(7).shuffle(acts)
        watchers = stack.enter_context(ThreadPoolExecutor(_CLIENTS * 2))
        taking = _Taking(nodes, watchers)
        accounts = [nodes[0].account(nodes[0].folder()["id"])["id"] for _ in range(3)]
        stream = Stream(nodes[0], accounts, "beside", 2, patient=True, lending=False)
        stream.begin()
        with ThreadPoolExecutor(_CLIENTS) as clients:
            list(clients.map(taking.some, [acts[n::_CLIENTS] for n in range(_CLIENTS)]))
        stream.end()
        assert stream.faults == []
        assert len(taking.lags) == len(acts) * 2
        of_name = "SELECT count(*) FROM credentials WHERE revoked_at IS NOT NULL AND name LIKE ?"
        assert sql_of(url, of_name, f"{REVOKED.name} %") == [(revocations,)]
        beside = sum(len(told.entered) for told in stream.answered)
        assert beside > len(acts) / 10, "too little went on beside it to be a load"
        return Taking(taking.accepted, taking.lags, beside)


class _Taking:
    """Clients that take a token away at the first node, each other node asked for it all the while."""

    def __init__(self, nodes: list[Server], watchers: ThreadPoolExecutor) -> None:
        self._nodes = nodes
        self._watchers = watchers
        self._lock = Lock()
        self.lags: list[float] = []
        self.accepted = 0

    def some(self, acts: list[Taken]) -> None:
        both = line_to_each(self._nodes[0])
        others = [Line(node, node.admin_token) for node in self._nodes[1:]]
        for number, taken in enumerate(acts):
            # By turns, so that each worker takes away what the other one remembers.
            self._one(both if number % 2 else both[::-1], others, taken)
        for line in (*both, *others):
            line.close()

    def _one(self, both: tuple[Line, Line], others: list[Line], taken: Taken) -> None:
        here, beside = both
        wanted = {
            "kind": "api_token", "name": self._nodes[0].unique(taken.name),
            "scopes": ["accounts:list"], "expires_at": None,
        }  # fmt: skip
        status, made, _ = here.ask("POST", "/api/v1/credentials", wanted)
        assert status == 201, made
        token = made["secret"]
        for line in (*both, *others):
            assert _is_good(line, token, taken)[0], "every process remembers it"
        watching = [self._watchers.submit(_last_good, line, token, taken) for line in others]
        path = f"/api/v1/credentials/{made['credential']['id']}{taken.path}"
        status, answer, _ = here.ask(taken.method, path, taken.body)
        answered = time.monotonic()
        assert status == 200, answer
        # The other worker first: it has had the least time to hear of it.
        looks = [_is_good(line, token, taken) for line in (beside, here)]
        assert len({worker for _, worker in looks}) == 2, "each of the two workers was asked"
        lags = [max(0.0, watched.result() - answered) for watched in watching]
        with self._lock:
            self.accepted += sum(good for good, _ in looks)
            self.lags += lags


def _last_good(line: Line, token: str, taken: Taken) -> float:
    """Ask until it is refused; return when the last request that it let through was sent."""
    last, asked = 0.0, time.monotonic()
    begun = asked
    while _is_good(line, token, taken)[0]:
        last, asked = asked, time.monotonic()
        assert asked < begun + 20, "it never hears"
    return last


def _is_good(line: Line, token: str, taken: Taken) -> tuple[bool, str]:
    """Say whether it is accepted, and by which process."""
    status, found, request_id = line.ask("GET", "/api/v1/whoami", token=token)
    assert status == 200 or (status, found["code"]) == taken.refused, found
    return status == 200, worker_of(request_id)


@pytest.mark.trial
def test_a_node_without_a_route_refuses_within_five_seconds_and_comes_back(
    tmp_path: Path, figures: Figures
) -> None:
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
        cuts = [_cut_off_and_back(first, near, far, there) for _ in range(3)]
    figures.write(
        "A node without a route to the database",
        cuts=len(cuts),
        refused_after_at_most=f"{max(refused for refused, _ in cuts):.2f} s",
        back_after_the_mend_within=f"{max(back for _, back in cuts):.2f} s",
    )


def _cut_off_and_back(
    first: Server, near: Server, far: Server, there: Namespace
) -> tuple[float, float]:
    """Return after how long it refused, and how long after the mend it was back."""
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
    assert refused < 5
    return refused, time.monotonic() - mended
