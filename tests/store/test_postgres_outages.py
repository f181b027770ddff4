"""A server whose PostgreSQL ends its connections, locks its tables or is gone: nothing answered is lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from keystead.installation import verify_audit
from keystead.store.postgres.aside import Aside
from tests.crash.line import Line
from tests.crash.nodes import found
from tests.crash.stream import Stream
from tests.crash.test_database_restarts import await_answer, entered_ids
from tests.crash.test_kill_series import check_kept
from tests.relay import relay
from tests.running import Server, start
from tests.store.servers import held, own_database, require_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.postgresql

V1 = "/api/v1"
_LEFT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
_OTHERS = f"{_LEFT} AND pid <> pg_backend_pid() AND application_name = 'keystead'"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    require_server()
    with own_database() as url:
        yield url


@pytest.fixture(scope="module")
def server(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("outages") / "data"
    running = start(data, found(data, url), "--workers", "2")
    try:
        yield running
    finally:
        running.stop()


def test_connections_ended_under_load_lose_no_answered_act(server: Server, url: str) -> None:
    accounts = [server.account(server.folder()["id"])["id"] for _ in range(3)]
    stream = Stream(server, accounts, server.unique("ended"), patient=True)
    slowest = 0.0
    watching = Line(server, server.admin_token)
    with Aside(url) as killer:
        stream.begin()
        until = time.monotonic() + 6
        while time.monotonic() < until:
            killer.fetch(_OTHERS)
            begun = time.monotonic()
            watching.ask("GET", f"{V1}/accounts/{accounts[0]}/secret")
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(0.05)
    came_back = await_answer(server)
    stream.end()
    watching.close()
    assert stream.faults == []
    assert slowest < 5
    assert came_back < 5
    check_kept(server, stream, entered_ids(url))
    assert all(report.intact for report in verify_audit(server.data, ()))
    assert sum(len(told.entered) for told in stream.answered) > 50, "the stream was too thin"


def test_a_locked_table_holds_up_only_what_needs_it(server: Server, url: str) -> None:
    token, _ = server.token("accounts:list", "owners:read")
    me = server.call("GET", f"{V1}/whoami", token=token).json()["owner"]["id"]

    def ask(path: str) -> tuple[int, float]:
        begun = time.monotonic()
        status = server.call("GET", f"{V1}{path}", token=token).status
        return status, time.monotonic() - begun

    with held(url, "LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE"), ThreadPoolExecutor(40) as many:
        lists = [many.submit(ask, "/accounts") for _ in range(38)]
        time.sleep(0.3)
        known = [ask("/whoami") for _ in range(20)] + [ask(f"/owners/{me}") for _ in range(20)]
        answers = [each.result() for each in lists]
    assert {status for status, _ in known} == {200}
    assert max(seconds for _, seconds in known) < 1
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < 5
    assert ask("/accounts")[0] == 200


def test_a_server_stops_in_time_though_its_database_is_gone(tmp_path: Path) -> None:
    require_server()
    with ExitStack() as stack:
        url = stack.enter_context(own_database())
        port = urlsplit(url).port or 5432
        line = stack.enter_context(relay(port))
        far = url.replace(f":{port}/", f":{line.port}/")
        server = start(tmp_path / "data", found(tmp_path / "data", far))
        server.call("GET", f"{V1}/whoami")
        line.cut()
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() < begun + 15
        assert "Traceback" not in server.log.read_text()
