"""Access tokens shown to an API that asks at /verify: opaque ones and JWTs are told alike. Row K1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, ok
from tests.doors.registering import access, catalogue, register
from tests.oauth.asking import client, exchanged, key, post

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.oauth.asking import Client
    from tests.running import Served, Server

FORMATS = pytest.mark.parametrize("token_format", ["opaque", "jwt"])


def api_of(server: Served, token_format: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    groups = catalogue(orders="list read")
    return register(server, token_format=token_format, groups=groups, **more)


def shown(server: Served, api: dict[str, Any], token: str, **more: object) -> tuple[int, Any]:
    body = {"token": token, "audience": api["identifier"], **more}
    answer = server.call("POST", f"{V1}/verify?status=http", body)
    return answer.status, answer.json()


def code(server: Served, api: dict[str, Any], token: str, **more: object) -> tuple[int, str]:
    status, found = shown(server, api, token, **more)
    return status, found["code"]


def holder(server: Served, api: dict[str, Any], **more: Any) -> Client:  # noqa: ANN401
    return client(server, access=[access(api, "orders:list", "orders:read")], **more)


@FORMATS
def test_a_live_one_is_told_whole(clocked: Clocked, token_format: str) -> None:
    api = api_of(clocked, token_format, token_seconds=600)
    made = holder(clocked, api)
    token = exchanged(clocked, made, {"scope": "orders:list"})
    status, found = shown(clocked, api, token, scopes=["orders:list"])
    assert (status, found["active"], found["code"]) == (200, True, "VALID")
    assert (found["scopes"], found["credential"]["kind"]) == (["orders:list"], "access_token")
    assert found["expires_at"] == clocked.after(seconds=600)
    assert found["owner"]["id"] == made.record["owner"]["id"]
    assert code(clocked, api, token, scopes=["orders:read"]) == (403, "INSUFFICIENT_SCOPE")
    clocked.set(clocked.after(seconds=600))
    assert code(clocked, api, token) == (401, "EXPIRED")


@FORMATS
def test_it_is_good_for_its_own_api_alone(server: Server, token_format: str) -> None:
    api, other = api_of(server, token_format), api_of(server, token_format)
    token = exchanged(server, holder(server, api))
    assert code(server, other, token) == (403, "AUDIENCE_MISMATCH")
    body = {"token": token, "audience": "keystead"}
    assert ok(server.call("POST", f"{V1}/verify", body))["code"] == "AUDIENCE_MISMATCH"


@FORMATS
def test_a_revoked_one_is_told_as_that(workers: Server, token_format: str) -> None:
    api = api_of(workers, token_format)
    made = holder(workers, api)
    token, other = exchanged(workers, made), exchanged(workers, made)
    assert {code(workers, api, token) for _ in range(8)} == {(200, "VALID")}
    assert post(workers, "/oauth/revoke", {"token": token}, authorization=made.basic).status == 200
    assert {code(workers, api, token) for _ in range(8)} == {(401, "REVOKED")}
    assert code(workers, api, other) == (200, "VALID")


ACTS = {
    "revoke": (401, "REVOKED"),
    "disable": (401, "DISABLED"),
    "narrow": (403, "INSUFFICIENT_SCOPE"),
    "networks": (403, "NETWORK_DENIED"),
    "rotate": (401, "REVOKED"),
}


@FORMATS
@pytest.mark.parametrize("act", ACTS)
def test_what_happens_to_its_client_is_told_of_it(
    workers: Server, token_format: str, act: str
) -> None:
    api = api_of(workers, token_format)
    made = holder(workers, api)
    token = exchanged(workers, made)
    demand = {"scopes": ["orders:read"], "client_ip": "192.0.2.1"}
    assert {code(workers, api, token, **demand) for _ in range(8)} == {(200, "VALID")}
    match act:
        case "narrow":
            narrower = {"access": [access(api, "orders:list")]}
            ok(workers.call("PATCH", made.path, narrower))
        case "networks":
            ok(workers.call("PATCH", made.path, {"networks": ["198.51.100.0/24"]}))
        case "rotate":
            ending = {"overlap_seconds": 60, "end_access_tokens": True}
            ok(workers.call("POST", f"{made.path}/rotate", ending))
        case _:
            ok(workers.call("POST", f"{made.path}/{act}"))
    assert {code(workers, api, token, **demand) for _ in range(8)} == {ACTS[act]}


@FORMATS
def test_its_clients_networks_are_judged_by_the_address_that_the_api_says(
    server: Server, token_format: str
) -> None:
    accepting = {"offline_networks": "accepted"} if token_format == "jwt" else {}
    api = api_of(server, token_format, **accepting)
    token = exchanged(server, holder(server, api, networks=["127.0.0.0/8"]))
    assert code(server, api, token) == (503, "NETWORK_UNDECIDED")
    assert code(server, api, token, client_ip="127.0.0.9") == (200, "VALID")
    assert code(server, api, token, client_ip="192.0.2.9") == (403, "NETWORK_DENIED")


def test_a_clients_own_secret_is_shown_to_no_api(server: Server) -> None:
    api = api_of(server, "opaque")
    made = holder(server, api)
    status, found = shown(server, api, made.secret)
    assert (status, found["code"], found["credential"]) == (401, "NOT_FOUND", None)
    shown_key = key(server, access=[access(api, "orders:list")])
    assert code(server, api, shown_key.secret) == (200, "VALID"), "a key is made to be shown"
