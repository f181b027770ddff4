"""What an administrator disabled is not enabled by an owner who is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doors.cast import V1, managed, member, ok, problem
from tests.doors.tokens import CREDENTIALS

if TYPE_CHECKING:
    from tests.running import Answer, Server

SCOPES = tuple(f"credentials:{act}" for act in ("create", "read", "revoke", "rotate", "delete"))


class Owned:
    """A key of somebody's, and a token by which he may enable it."""

    def __init__(self, server: Server, *roles: str, owner: str | None = None) -> None:
        self.server = server
        _, self.token = member(server, *roles, scopes=(*SCOPES, "owners:edit"))
        wanted: dict[str, Any] = {"kind": "api_key", "name": server.unique("key")}
        wanted |= {"expires_at": None, "scopes": ["credentials:read"]}
        if owner == "application":
            wanted["owner_id"] = managed(server, self.token)
        made = ok(server.call("POST", f"{V1}/credentials", wanted, token=self.token), 201)
        self.path = f"{CREDENTIALS}/{made['credential']['id']}"

    def own(self, act: str) -> Answer:
        return self.server.call("POST", f"{self.path}/{act}", token=self.token)

    def administrators(self, act: str) -> Answer:
        return self.server.call("POST", f"{self.path}/{act}")


def refused(answer: Answer) -> bool:
    return problem(answer) == (403, "insufficient_scope") and "administrator" in str(answer.body)


def test_what_an_administrator_disabled_one_enables(server: Server) -> None:
    it = Owned(server, "user")
    ok(it.administrators("disable"))
    assert refused(it.own("enable"))
    assert ok(it.own("disable"))["state"] == "disabled", "which changes nothing"
    assert refused(it.own("enable"))
    assert ok(it.administrators("enable"))["state"] == "active"
    ok(it.own("disable"))
    assert ok(it.own("enable"))["state"] == "active", "it was of that one time"


def test_what_its_owner_disabled_an_administrator_may_disable_too(server: Server) -> None:
    it = Owned(server, "user")
    ok(it.own("disable"))
    before = ok(it.administrators("disable"))
    assert before["state"] == "disabled"
    assert refused(it.own("enable"))


def test_who_manages_an_application_does_not_enable_it_either(server: Server) -> None:
    it = Owned(server, "manager", owner="application")
    ok(it.own("disable"))
    ok(it.own("enable"))
    ok(it.administrators("disable"))
    assert refused(it.own("enable"))


def test_among_administrators_nobody_is_above(server: Server) -> None:
    it = Owned(server, "administrator")
    ok(it.administrators("disable"))
    assert ok(it.own("enable"))["state"] == "active"


def test_a_refresh_is_no_way_round_it(server: Server) -> None:
    it = Owned(server, "user")
    ok(it.administrators("disable"))
    fresh = ok(it.own("refresh"))["credential"]
    it.path = f"{CREDENTIALS}/{fresh['id']}"
    ok(it.own("rotate"))
    assert refused(it.own("enable"))
    assert ok(it.own("revoke"))["state"] == "revoked"
