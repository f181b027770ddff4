"""A token that is good for a number of uses: the last of them ends it, whoever comes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.doors.cast import V1, ok, problem
from tests.doors.registering import access, given, register
from tests.doors.tokens import CREDENTIALS, WHOAMI, create, lives, record_of, wrong
from tests.oauth.asking import post

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.running import Served, Server

VERIFY = f"{V1}/verify"


def of_uses(server: Served, uses: int, *scopes: str, **more: object) -> tuple[str, str]:
    """Make a token of so many uses; return its text and its id."""
    made = ok(create(server, scopes=list(scopes) or ["folders:list"], max_uses=uses, **more), 201)
    return made["secret"], made["credential"]["id"]


def uses_of(server: Served, id_: str) -> tuple[int | None, int | None, str]:
    found = record_of(server, id_)
    return found["max_uses"], found["uses_left"], found["state"]


def test_its_last_use_ends_it(server: Server) -> None:
    token, id_ = of_uses(server, 2)
    assert uses_of(server, id_) == (2, 2, "active")
    assert lives(server, token) == [True]
    assert uses_of(server, id_) == (2, 1, "active")
    assert ok(server.call("GET", f"{V1}/folders", token=token))["items"] is not None
    assert uses_of(server, id_) == (2, 0, "expired")
    refused = server.call("GET", WHOAMI, token=token)
    assert problem(refused) == (401, "credential_expired")
    assert record_of(server, id_)["expires_at"] is not None


def test_what_was_refused_or_failed_uses_nothing(server: Server) -> None:
    token, id_ = of_uses(server, 1, "accounts:read", "folders:list")
    for path in (f"{V1}/credentials", f"{V1}/accounts/acct_nothing", f"{V1}/folders?page_size=x"):
        assert server.call("GET", path, token=token).status in {400, 403, 404}
    assert uses_of(server, id_) == (1, 1, "active")
    assert lives(server, token, token) == [True, False]


def test_a_value_is_fetched_as_often_as_it_says(server: Server) -> None:
    account = server.account(server.folder()["id"])
    token, _ = of_uses(server, 2, "secrets:read")
    path = f"{V1}/accounts/{account['id']}/secret"
    found = [server.call("GET", path, token=token).status for _ in range(3)]
    assert found == [200, 200, 401]


def test_of_many_that_come_at_once_no_more_are_let_in(workers: Server) -> None:
    token, id_ = of_uses(workers, 10)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: workers.call("GET", WHOAMI, token=token).status, range(60)))
    assert sorted(found) == [200] * 10 + [401] * 50
    assert uses_of(workers, id_) == (10, 0, "expired")


@pytest.mark.parametrize("way", ["verify", "introspect"])
def test_what_an_api_was_shown_is_used_too(server: Server, way: str) -> None:
    api = register(server)
    token, made = given(server, access(api, "scan:read"), max_uses=2)

    def shown() -> bool:
        if way == "verify":
            body = {"token": token, "audience": api["identifier"]}
            found = ok(server.call("POST", VERIFY, body))
            assert found["cache_ttl"] == 0, "or an API would count one use as many"
            assert found["code"] == ("VALID" if found["active"] else "EXPIRED")
            return bool(found["active"])
        form = {"token": token, "resource": api["identifier"]}
        by = f"Bearer {server.admin_token}"
        return bool(ok(post(server, "/oauth/introspect", form, authorization=by))["active"])

    assert [shown() for _ in range(4)] == [True, True, False, False]
    assert uses_of(server, made["id"]) == (2, 0, "expired")


def test_an_edit_gives_more_uses_or_any_number_but_not_fewer_than_it_had(server: Server) -> None:
    token, id_ = of_uses(server, 3)
    lives(server, token, token)
    path = f"{CREDENTIALS}/{id_}"
    assert "max_uses" in wrong(server.call("PATCH", path, {"max_uses": 2}))
    ok(server.call("PATCH", path, {"max_uses": 4}))
    assert uses_of(server, id_) == (4, 2, "active")
    ok(server.call("PATCH", path, {"max_uses": None}))
    assert lives(server, *[token] * 5) == [True] * 5
    assert uses_of(server, id_)[:2] == (None, None)


def test_a_used_up_one_lives_on_by_rotation_alone(server: Server) -> None:
    token, id_ = of_uses(server, 1)
    assert lives(server, token) == [True]
    path = f"{CREDENTIALS}/{id_}"
    assert problem(server.call("PATCH", path, {"expires_in": "1d"})) == (409, "wrong_state")
    assert problem(server.call("POST", f"{path}/rotate", {})) == (409, "wrong_state")
    fresh = ok(server.call("POST", f"{path}/rotate", {"expires_in": "1d"}))["secret"]
    assert uses_of(server, id_)[:2] == (1, 1)
    assert lives(server, fresh, fresh, token) == [True, False, False]


@pytest.mark.parametrize("more", [{"max_uses": 1}, {}])
def test_what_has_ended_is_not_revived_by_the_overlap_of_a_rotation(
    clocked: Clocked, more: dict[str, int]
) -> None:
    end = clocked.after(seconds=60)
    made = ok(create(clocked, expires_at=end, **more), 201)
    token, path = made["secret"], f"{CREDENTIALS}/{made['credential']['id']}"
    assert lives(clocked, token) == [True]
    clocked.set(end)
    assert lives(clocked, token) == [False]
    body = {"expires_in": "1d", "overlap_seconds": 600}
    fresh = ok(clocked.call("POST", f"{path}/rotate", body))["secret"]
    assert lives(clocked, token, fresh) == [False, True]


def test_by_rotating_itself_it_gets_no_more_uses(server: Server) -> None:
    token, id_ = of_uses(server, 3, "self:rotate")
    for left in (2, 1):
        token = ok(server.call("POST", f"{V1}/self/rotate", {}, token=token))["secret"]
        assert uses_of(server, id_)[1] == left
    # Of the last use there would be a secret that is good for nothing.
    refused = server.call("POST", f"{V1}/self/rotate", {}, token=token)
    assert problem(refused) == (401, "credential_expired")
    assert uses_of(server, id_)[1] == 1
    assert lives(server, token, token) == [True, False]


def test_it_makes_and_frees_nothing(server: Server) -> None:
    scopes = ["credentials:create", "credentials:edit", "credentials:rotate", "folders:list"]
    token, id_ = of_uses(server, 5, *scopes)
    _, other = of_uses(server, 5)
    _, free = server.token("folders:list", expires_at="2090-01-01T00:00:00Z")
    wider = f"{CREDENTIALS}/{free['id']}"
    for method, path, body in (
        ("POST", CREDENTIALS, {"kind": "api_token", "name": server.unique("t"),
                               "scopes": ["folders:list"], "expires_at": None, "max_uses": 1}),
        ("PATCH", f"{CREDENTIALS}/{id_}", {"max_uses": None}),
        ("PATCH", f"{CREDENTIALS}/{other}", {"max_uses": 9}),
        ("PATCH", wider, {"scopes": scopes}),
        ("PATCH", wider, {"expires_at": "2091-01-01T00:00:00Z"}),
        ("PATCH", wider, {"networks": ["0.0.0.0/1"]}),
        ("POST", f"{CREDENTIALS}/{id_}/rotate", {}),
        ("POST", f"{CREDENTIALS}/{other}/rotate", {}),
    ):  # fmt: skip
        refused = server.call(method, path, body, token=token)
        assert problem(refused) == (403, "insufficient_scope"), (method, path)
    assert uses_of(server, id_) == (5, 5, "active")


@pytest.mark.parametrize("value", [0, -1, 1_000_001, 1.5, "3", True])
def test_what_is_no_number_of_uses_is_refused_by_name(server: Server, value: object) -> None:
    assert set(wrong(create(server, max_uses=value))) == {"max_uses"}
    assert set(wrong(server.call("PATCH", f"{CREDENTIALS}/{of_uses(server, 2)[1]}",
                                 {"max_uses": value}))) == {"max_uses"}  # fmt: skip


@pytest.mark.parametrize("kind", ["api_key", "oauth_client"])
def test_a_key_or_client_has_none(server: Server, kind: str) -> None:
    assert set(wrong(create(server, kind=kind, max_uses=2))) == {"max_uses"}
    id_ = ok(create(server, kind=kind), 201)["credential"]["id"]
    path = f"{CREDENTIALS}/{id_}"
    assert set(wrong(server.call("PATCH", path, {"max_uses": 2}))) == {"max_uses"}


def test_a_disabled_one_comes_back_with_what_it_had_left(clocked: Clocked) -> None:
    token, id_ = of_uses(clocked, 2)
    assert lives(clocked, token) == [True]
    ok(clocked.call("POST", f"{CREDENTIALS}/{id_}/disable"))
    assert lives(clocked, token) == [False]
    ok(clocked.call("POST", f"{CREDENTIALS}/{id_}/enable"))
    assert lives(clocked, token, token) == [True, False]


@pytest.mark.parametrize("uses", [1, 3])
@pytest.mark.parametrize(
    ("method", "path", "state"),
    [
        ("POST", f"{V1}/self/revoke", "revoked"),
        ("POST", f"{CREDENTIALS}/{{id}}/revoke", "revoked"),
        ("POST", f"{CREDENTIALS}/{{id}}/disable", "disabled"),
        ("DELETE", f"{CREDENTIALS}/{{id}}", ""),
    ],
)
def test_it_ends_itself_by_a_use(
    server: Server, uses: int, method: str, path: str, state: str
) -> None:
    token, id_ = of_uses(server, uses, "credentials:revoke", "credentials:delete")
    done = server.call(method, path.format(id=id_), token=token)
    assert done.status in {200, 204}, done.body
    assert lives(server, token) == [False]
    if state:
        assert uses_of(server, id_)[1:] == (uses - 1, state)
