"""What comes of a verification as the status of its answer, for whoever looks at nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

import pytest

from keystead.operations.credentials.verification import Code
from tests.clocked import Clocked
from tests.doors.cast import V1, application, ok, unknown_token
from tests.doors.registering import access, given, register

VERIFY: Final = f"{V1}/verify"
Body = dict[str, object]


def _token(server: Clocked, **more: object) -> Body:
    token, _ = server.token("accounts:list", **more)
    return {"token": token}


def _ended(act: str) -> Callable[[Clocked], Body]:
    def make(server: Clocked) -> Body:
        token, made = server.token("accounts:list")
        ok(server.call("POST", f"{V1}/credentials/{made['id']}/{act}"))
        return {"token": token}

    return make


def _expired(server: Clocked) -> Body:
    end = server.after(seconds=10)
    body = _token(server, expires_at=end)
    server.set(end)
    return body


def _owner_disabled(server: Clocked) -> Body:
    owner = application(server, "user")
    body = _token(server, owner_id=owner["id"])
    ok(server.call("PATCH", f"{V1}/owners/{owner['id']}", {"state": "disabled"}))
    return body


def _of_another_api(server: Clocked) -> Body:
    first, second = register(server), register(server)
    token, _ = given(server, access(first, "scan:read"))
    return {"token": token, "audience": second["identifier"]}


CASES: Final[dict[Code, tuple[Callable[[Clocked], Body], int]]] = {
    "VALID": (_token, 200),
    "MALFORMED": (lambda _: {"token": "nonsense"}, 401),
    "NOT_FOUND": (lambda _: {"token": unknown_token()}, 401),
    "REVOKED": (_ended("revoke"), 401),
    "DISABLED": (_ended("disable"), 401),
    "EXPIRED": (_expired, 401),
    "NOT_YET_VALID": (lambda server: _token(server, not_before=server.after(days=1)), 401),
    "OWNER_DISABLED": (_owner_disabled, 401),
    "NETWORK_DENIED": (
        lambda server: _token(server, networks=["192.0.2.1"]) | {"client_ip": "192.0.2.2"},
        403,
    ),
    "INSUFFICIENT_SCOPE": (lambda server: _token(server) | {"scopes": ["audit:read"]}, 403),
    "AUDIENCE_MISMATCH": (_of_another_api, 403),
    "NETWORK_UNDECIDED": (lambda server: _token(server, networks=["192.0.2.1"]), 503),
}
"""How each code comes about, and its status."""


def test_each_code_has_a_case() -> None:
    assert set(CASES) == set(get_args(Code))


@pytest.mark.parametrize("code", CASES)
def test_each_code_can_be_the_status(clocked: Clocked, code: Code) -> None:
    make, status = CASES[code]
    body = {"audience": "keystead", **make(clocked)}
    answer = clocked.call("POST", f"{VERIFY}?status=http", body)
    assert answer.status == status
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("retry-after" in answer.headers) == (status == 503)
    found = answer.json()
    assert (found["code"], found["active"]) == (code, code == "VALID")
    plainly = clocked.call("POST", VERIFY, body)
    assert {**ok(plainly), "request_id": ""} == {**found, "request_id": ""}, (
        "the answer is the same"
    )


@pytest.mark.parametrize("status", ["200", "HTTP", "", "json"])
def test_nothing_else_is_a_kind_of_status(clocked: Clocked, status: str) -> None:
    refused = clocked.call("POST", f"{VERIFY}?status={status}", {"token": "x"})
    assert (refused.status, refused.code) == (400, "invalid_request")
