"""Rotations with several live secrets: each has its own end and last use, and one ends the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, ok, problem, until
from tests.doors.tokens import CREDENTIALS, create, lives, record_of, wrong

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.running import Served, Server

SEVEN_DAYS = 7 * 24 * 3600


def key(server: Served, **more: object) -> tuple[str, str]:
    """Make an API key; return its secret and its path."""
    made = ok(create(server, kind="api_key", name=server.unique("key"), **more), 201)
    return made["secret"], f"{CREDENTIALS}/{made['credential']['id']}"


def rotate(server: Served, path: str, **more: object) -> dict[str, Any]:
    return dict(ok(server.call("POST", f"{path}/rotate", more)))


def states(server: Served, path: str) -> list[str]:
    return [each["state"] for each in ok(server.call("GET", f"{path}/secrets"))["items"]]


def test_k9_the_first_use_of_the_new_secret_ends_the_old_one(clocked: Clocked) -> None:
    old, path = key(clocked)
    rotated = rotate(clocked, path, revoke_after_first_use=True)
    first, second = rotated["credential"]["secrets"]
    assert first["retires_at"] == clocked.after(days=7)
    assert (first["ends_older"], second["ends_older"]) == (False, True)
    assert lives(clocked, old, old) == [True, True]
    assert states(clocked, path) == ["retiring", "live"]
    assert lives(clocked, rotated["secret"], old) == [True, False]
    assert states(clocked, path) == ["retired", "live"]
    assert not any(each["ends_older"] for each in record_of(clocked, path[-17:])["secrets"])
    refused = clocked.call("GET", f"{V1}/whoami", token=old)
    assert problem(refused) == (401, "credential_revoked")


def test_k9_unused_the_new_secret_ends_the_old_one_with_the_overlap(clocked: Clocked) -> None:
    old, path = key(clocked)
    end = clocked.after(seconds=60)
    rotate(clocked, path, overlap_seconds=60, revoke_after_first_use=True)
    clocked.set(end, microseconds=-1)
    assert lives(clocked, old) == [True]
    clocked.set(end)
    assert lives(clocked, old) == [False]


def test_k9_of_several_live_secrets_a_first_use_ends_the_older_ones_alone(server: Server) -> None:
    first, path = key(server)
    second = rotate(server, path, overlap_seconds=600)["secret"]
    third = rotate(server, path, overlap_seconds=600, revoke_after_first_use=True)["secret"]
    fourth = rotate(server, path, overlap_seconds=600)["secret"]
    assert lives(server, fourth, second, first) == [True, True, True]
    assert lives(server, third, first, second, fourth) == [True, False, False, True]
    assert states(server, path) == ["retired", "retired", "retiring", "live"]


def test_the_retirement_is_entered_as_the_houses_own(server: Server) -> None:
    _, path = key(server)
    new = rotate(server, path, revoke_after_first_use=True)["secret"]
    answer = server.call("GET", f"{V1}/whoami", token=new)
    (entry,) = ok(
        server.call("GET", f"{V1}/audit/events?verb=credential.retire&object={path[-17:]}")
    )["items"]
    assert (entry["actor"]["kind"], entry["decision"]) == ("system", "allowed")
    assert entry["request_id"] == answer.headers["keystead-request-id"]


def test_a_first_use_at_one_worker_holds_at_the_other(workers: Server) -> None:
    for _ in range(10):
        old, path = key(workers)
        # Both workers have come to know it, as a rule.
        assert all(lives(workers, *[old] * 6))
        new = rotate(workers, path, revoke_after_first_use=True)["secret"]
        assert all(lives(workers, *[old] * 6))
        assert lives(workers, new, *[old] * 6) == [True, *[False] * 6]
        assert all(lives(workers, *[new] * 6))


def test_a_key_rotates_itself_until_its_first_use(server: Server) -> None:
    old, _ = key(server, scopes=["self:rotate"])
    wish = {"revoke_after_first_use": True}
    new = ok(server.call("POST", f"{V1}/self/rotate", wish, token=old))["secret"]
    # It has been used by nobody yet: an answer that was lost can be asked for again.
    assert lives(server, old, new, old) == [True, True, False]


@pytest.mark.parametrize("path", ["rotate", "self/rotate"])
def test_what_would_have_no_effect_is_refused(server: Server, path: str) -> None:
    secret, own = key(server, scopes=["self:rotate"])
    inert = {"overlap_seconds": 0, "revoke_after_first_use": True}
    if path == "rotate":
        refused = server.call("POST", f"{own}/rotate", inert)
    else:
        refused = server.call("POST", f"{V1}/{path}", inert, token=secret)
    assert set(wrong(refused)) == {"revoke_after_first_use"}


def test_k9_an_old_secret_that_is_still_used_is_named(server: Server) -> None:
    old, path = key(server)
    assert lives(server, old) == [True]
    until(lambda: bool(record_of(server, path[-17:])["last_used"]))
    new = rotate(server, path, overlap_seconds=600)["secret"]

    def still() -> list[bool]:
        return [each["still_used"] for each in ok(server.call("GET", f"{path}/secrets"))["items"]]

    assert still() == [False, False]
    assert lives(server, new, old) == [True, True]
    until(lambda: still() == [True, False])
    rotate(server, path)
    assert still() == [False, False, False]


def test_a_verified_use_is_a_first_use_too(server: Server) -> None:
    old, path = key(server)
    new = rotate(server, path, revoke_after_first_use=True)["secret"]
    asked = {"token": new, "audience": "keystead"}
    assert ok(server.call("POST", f"{V1}/verify", asked))["code"] == "VALID"
    assert lives(server, old) == [False]
