"""A change under a key, asked for again after a power cut: made once, and answered."""

from __future__ import annotations

import random
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

import pytest

from tests.crash.mute import mute
from tests.crash.places import place_on
from tests.crash.processes import cut_power
from tests.crash.test_kill_series import BOTH, check_chain, check_no_half_done_act
from tests.running import Answer, Server, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crash.places import Place

V1 = "/api/v1"
PATIENCE = 40.0


def token_of(name: str) -> dict[str, Any]:
    return {"kind": "api_token", "name": name, "scopes": ["accounts:list"], "expires_at": None}


def issue(server: Server, name: str, key: str) -> Answer:
    headers = {"Idempotency-Key": key}
    return server.call("POST", f"{V1}/credentials", token_of(name), headers=headers)


def names_of(server: Server, stem: str) -> list[str]:
    found = server.call("GET", f"{V1}/credentials?page_size=200&q={stem}").json()
    return [each["name"] for each in found["items"]]


@BOTH
def test_what_was_done_and_not_answered_is_answered_after_a_restart(
    tmp_path: Path, engine: str
) -> None:
    order = tmp_path / "order"
    with place_on(engine, tmp_path / "data") as place:
        server = start(place.data, place.admin, program=mute(order))
        try:
            server.account(server.folder()["id"])
            order.touch()
            with pytest.raises((OSError, HTTPException)):
                issue(server, "lost", "k")
            assert server.process.wait(PATIENCE) != 0
        finally:
            cut_power(server)
        server = place.start()
        try:
            found = issue(server, "lost", "k")
            assert (found.status, found.headers["idempotency-replayed"]) == (201, "true")
            token = found.json()["secret"]
            assert server.call("GET", f"{V1}/accounts", token=token).status == 200
            assert names_of(server, "lost") == ["lost"]
            check_no_half_done_act(place)
            check_chain(place)
        finally:
            cut_power(server)


class Persistent:
    """Clients that go on with the same request until it is answered, whatever happens to the server."""

    def __init__(self, server: Server, clients: int = 6) -> None:
        self.server = server
        self.answered: dict[str, str] = {}
        self.faults: list[str] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(clients)
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a client still waits for an answer"

    def _run(self, client: int) -> None:
        number = 0
        while not self._over.is_set() and not self.faults:
            number += 1
            name = f"again-{client}-{number}"
            while name not in self.answered and not self.faults:
                self._ask(name)

    def _ask(self, name: str) -> None:
        try:
            found = issue(self.server, name, name)
        except (OSError, HTTPException):
            time.sleep(0.01)
            return
        if found.status == 201:
            self.answered[name] = found.json()["secret"]
        elif found.status != 503:
            self.faults.append(f"{name}: {found.status} {found.body!r}")


@BOTH
@pytest.mark.parametrize("workers", [1, 2])
def test_whoever_asks_until_he_is_answered_makes_one_of_each(
    tmp_path: Path, engine: str, workers: int
) -> None:
    """A second one of a name would be 409: its clients would hear of it."""
    with place_on(engine, tmp_path / "data") as place:
        ask_through_kills(place, "--workers", str(workers))


def ask_through_kills(place: Place, *more: str) -> None:
    server = place.start(*more)
    clients = Persistent(server)
    try:
        server.account(server.folder()["id"])
        clients.begin()
        for _ in range(2):
            time.sleep(random.uniform(0.2, 0.7))
            cut_power(server)
            clients.server = server = place.start(*more)
        clients.end()
        assert clients.faults == []
        assert len(clients.answered) > 30, "the stream was too thin to prove anything"
        for token in clients.answered.values():
            assert server.call("GET", f"{V1}/accounts", token=token).status == 200
        with place.look() as look:
            rows = look("SELECT name FROM credentials WHERE name LIKE 'again-%'")
        assert sorted(name for (name,) in rows) == sorted(clients.answered)
        check_no_half_done_act(place)
        check_chain(place)
    finally:
        cut_power(server)
