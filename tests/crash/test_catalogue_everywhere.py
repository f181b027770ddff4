"""Law 3 for catalogues: what one loses is lost in every worker from the next request on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, member, ok
from tests.doors.registering import APIS, access, catalogue, register

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import Answer, Server

REQUESTS = 20


@dataclass(frozen=True, slots=True)
class Giver:
    """A user's token with a scope and a level on another's API, which gives access by what it holds."""

    server: Server
    api: dict[str, Any]
    token: str

    @classmethod
    def on(cls, server: Server) -> Giver:
        api = register(
            server, scan="read create", groups=catalogue(scan="read create", run="start")
        )
        owner, _ = member(server, "user")
        entry = access(api, "run:start", scan="write")
        token, _ = server.token("credentials:create", access=[entry], owner_id=owner)
        return cls(server, api, token)

    def give(self, *scopes: str) -> Answer:
        wanted = {
            "kind": "api_token",
            "name": self.server.unique("given"),
            "expires_at": None,
            "access": [access(self.api, *scopes)],
        }
        return self.server.call("POST", f"{V1}/credentials", wanted, token=self.token)

    def warm(self) -> None:
        """Give until every worker has surely remembered the API."""
        assert {self.give("run:start", "scan:create").status for _ in range(24)} == {201}

    def answers(self, *scopes: str) -> set[tuple[int, str]]:
        """Give at once on connections of their own, which the kernel gives to either worker."""

        def ask(_: int) -> tuple[int, str]:
            answer = self.give(*scopes)
            return answer.status, "" if answer.status == 201 else answer.code

        with ThreadPoolExecutor(6) as pool:
            return set(pool.map(ask, range(REQUESTS)))


def edit(giver: Giver, **change: object) -> None:
    ok(giver.server.call("PATCH", f"{APIS}/{giver.api['id']}", change))


def take_actions(giver: Giver) -> None:
    edit(giver, groups=catalogue(scan="read", run="stop"))


def take_resources(giver: Giver) -> None:
    edit(giver, groups=catalogue(team="read"))


def empty(giver: Giver) -> None:
    edit(giver, groups=[])


def delete(giver: Giver) -> None:
    ok(giver.server.call("DELETE", f"{APIS}/{giver.api['id']}"), 204)


@pytest.mark.parametrize("take", [take_actions, take_resources, empty, delete])
def test_twenty_requests_after_the_answer_are_all_refused(
    workers: Server, take: Callable[[Giver], None]
) -> None:
    giver = Giver.on(workers)
    giver.warm()

    take(giver)

    for scope in ("run:start", "scan:create"):
        assert giver.answers(scope) == {(400, "invalid_request")}


def test_what_comes_into_a_level_comes_everywhere(workers: Server) -> None:
    giver = Giver.on(workers)
    giver.warm()

    edit(giver, groups=catalogue(scan="read create edit", run="start stop"))

    assert giver.answers("scan:edit") == {(201, "")}
    assert giver.answers("run:stop") == {(403, "insufficient_scope")}, (
        "not into what was chosen singly"
    )


def test_an_api_that_changes_hands_is_given_by_its_new_owner_alone(workers: Server) -> None:
    giver = Giver.on(workers)
    owner, token = member(workers, "user")
    edit(giver, owner_id=owner)
    owned = Giver(workers, giver.api, token)
    owned.warm()

    edit(giver, owner_id=giver.api["owner_id"])

    assert owned.answers("run:start") == {(403, "insufficient_scope")}
