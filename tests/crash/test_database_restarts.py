"""Law 4 on PostgreSQL: a database that crashes under load loses no answered act, and the node goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from keystead.installation import verify_audit
from tests.crash.cluster import own_cluster
from tests.crash.line import Line
from tests.crash.nodes import found
from tests.crash.stream import Stream
from tests.crash.test_kill_series import check_kept
from tests.crash.test_workers import eventually, workers_of
from tests.relay import relay
from tests.running import Server, start
from tests.store.servers import own_schema, sql_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.figures import Figures

pytestmark = pytest.mark.postgresql


def test_a_database_that_restarts_loses_no_answered_act(tmp_path: Path) -> None:
    restart_series(tmp_path / "data", rounds=2)


@pytest.mark.trial
def test_twenty_restarts_lose_no_answered_act(tmp_path: Path, figures: Figures) -> None:
    answered = restart_series(tmp_path / "data", rounds=20)
    figures.write(
        "Twenty restarts and crashes of PostgreSQL under load",
        acts_answered=f"{answered:,}",
        lost=0,
    )


def test_a_worker_that_cannot_start_takes_nobody_along(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with own_schema() as url:
        port = urlsplit(url).port or 5432
        with relay(port) as line:
            admin = found(data, url.replace(f":{port}/", f":{line.port}/"))
            server = start(data, admin, "--workers", "2")
            try:
                assert eventually(lambda: server.log.read_text().count("startup complete") == 2)
                # Said by connections of a process that serves; the first of the new worker's breaks.
                line.break_at(b"1800ms", passed_on=False)
                os.kill(workers_of(server)[0], signal.SIGKILL)
                assert eventually(lambda: "could not start" in server.log.read_text())
                assert server.call("GET", "/api/v1/whoami").status == 200
                assert eventually(lambda: server.log.read_text().count("startup complete") == 3)
                assert len(workers_of(server)) == 2
            finally:
                server.stop()


def restart_series(data: Path, rounds: int) -> int:
    """Return how many acts were answered, each of which was then found."""
    with own_cluster() as cluster:
        admin = found(data, cluster.url)
        server = start(data, admin, "--workers", "2")
        try:
            accounts = [server.account(server.folder()["id"])["id"] for _ in range(3)]
            answered = 0
            for number in range(rounds):
                stream = Stream(server, accounts, f"round {number}", patient=True)
                stream.begin()
                time.sleep(random.uniform(0.4, 1.0))
                if number % 2:
                    cluster.restart()
                else:
                    cluster.crash()
                    time.sleep(random.uniform(0.0, 0.5))
                    cluster.start()
                came_back = await_answer(server)
                time.sleep(0.5)
                stream.end()
                assert stream.faults == []
                assert came_back < 5
                check_kept(server, stream, entered_ids(cluster.url))
                answered += sum(len(told.entered) for told in stream.answered)
            (report,) = verify_audit(data, ())
            assert report.intact, report.findings
            assert answered >= 10 * rounds, "the stream was too thin to prove anything"
            return answered
        finally:
            server.stop()


def await_answer(server: Server) -> float:
    """Return after how many seconds acts are done again."""
    begun = time.monotonic()
    line = Line(server, server.admin_token)
    while line.ask("POST", "/api/v1/folders", {"name": server.unique("back")})[0] != 201:
        time.sleep(0.05)
    line.close()
    return time.monotonic() - begun


def entered_ids(url: str) -> set[str]:
    rows = sql_of(
        url,
        "SELECT convert_from(entry, 'UTF8')::json -> 'event' ->> 'request_id' FROM audit_entries",
    )
    return {row[0] for row in rows}
