"""An API asks about credentials that it was shown: every code, and what it may learn of whom. Row K1."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clocked import Clocked
from tests.doors.cast import V1, application, member, ok, problem, unknown_token, until
from tests.doors.registering import access, register
from tests.oauth.asking import client, exchanged, key
from tests.running import Answer, Served, Server

VERIFY = f"{V1}/verify"


def asked(server: Served, token: str, by: str = "", **more: object) -> dict[str, Any]:
    """Ask about a token for Keystead's own API; by the administrator where nobody else is named."""
    body = {"token": token, "audience": "keystead", **more}
    return dict(ok(server.call("POST", VERIFY, body, token=by)))


def code(server: Served, token: str, by: str = "", **more: object) -> str:
    found = asked(server, token, by, **more)
    assert found["active"] is (found["code"] == "VALID")
    return str(found["code"])


def test_a_good_one_is_told_with_its_owner_scopes_end_and_metadata(server: Server) -> None:
    owner = application(server, "user", external_id=server.unique("customer"))
    token, made = server.token("accounts:list", owner_id=owner["id"], metadata={"plan": "gold"})
    found = asked(server, token)
    assert found == {
        "active": True,
        "code": "VALID",
        "credential": {"id": made["id"], "kind": "api_token", "name": made["name"]},
        "owner": {
            "id": owner["id"],
            "kind": "application",
            "name": owner["name"],
            "external_id": owner["external_id"],
        },
        "scopes": ["accounts:list"],
        "expires_at": None,
        "metadata": {"plan": "gold"},
        "cache_ttl": 1,
        "request_id": found["request_id"],
    }


def test_what_is_no_token_and_what_is_nobodys_are_told_apart_and_no_more(server: Server) -> None:
    for token, expected in (
        ("nonsense", "MALFORMED"),
        ("", "MALFORMED"),
        (unknown_token(), "NOT_FOUND"),
    ):
        found = asked(server, token)
        assert (found["code"], found["credential"], found["owner"]) == (expected, None, None)
        assert found["cache_ttl"] == 0


def test_each_state_has_its_code(clocked: Clocked) -> None:
    token, made = clocked.token("accounts:list")
    one = f"{V1}/credentials/{made['id']}"
    ok(clocked.call("POST", f"{one}/disable"))
    assert code(clocked, token) == "DISABLED"
    ok(clocked.call("POST", f"{one}/enable"))
    assert code(clocked, token) == "VALID"
    ok(clocked.call("POST", f"{one}/revoke"))
    assert code(clocked, token) == "REVOKED"

    token, _ = clocked.token("accounts:list", expires_at=clocked.after(seconds=10))
    assert code(clocked, token) == "VALID"
    clocked.set(clocked.after(seconds=10))
    assert code(clocked, token) == "EXPIRED"

    token, _ = clocked.token("accounts:list", not_before=clocked.after(seconds=10))
    assert code(clocked, token) == "NOT_YET_VALID"


def test_a_disabled_owners_credential_is_told_as_that(server: Server) -> None:
    owner_id, token = member(server, "user")
    ok(server.call("PATCH", f"{V1}/owners/{owner_id}", {"state": "disabled"}))
    assert code(server, token) == "OWNER_DISABLED"


def test_networks_are_judged_by_the_address_that_the_api_says(server: Server) -> None:
    token, _ = server.token("accounts:list", networks=["192.0.2.0/24"])
    assert code(server, token) == "NETWORK_UNDECIDED"
    assert code(server, token, client_ip="192.0.2.9") == "VALID"
    assert code(server, token, client_ip="::ffff:192.0.2.9") == "VALID"
    assert code(server, token, client_ip="198.51.100.1") == "NETWORK_DENIED"


def test_saying_an_address_needs_its_own_scope(server: Server) -> None:
    token, _ = server.token("accounts:list")
    by, _ = server.token("tokens:verify")
    body = {"token": token, "audience": "keystead", "client_ip": "192.0.2.9"}
    refused = server.call("POST", VERIFY, body, token=by)
    assert problem(refused) == (403, "insufficient_scope")
    assert "tokens:assert-ip" in refused.json()["detail"]
    assert code(server, token, by) == "VALID"


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (["accounts:list"], "VALID"),
        (["accounts:list", "secrets:read"], "VALID"),
        (["accounts:list", "audit:read"], "INSUFFICIENT_SCOPE"),
        ([], "VALID"),
        ("accounts:list AND (audit:read OR secrets:read)", "VALID"),
        ("audit:read OR audit:export", "INSUFFICIENT_SCOPE"),
        ("secrets:*", "INSUFFICIENT_SCOPE"),
        ("accounts:lits", "INSUFFICIENT_SCOPE"),
    ],
)
def test_what_the_api_demands_is_held_or_not(server: Server, scopes: object, expected: str) -> None:
    token, _ = server.token("accounts:list", "secrets:read")
    assert code(server, token, scopes=scopes) == expected


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "token"),
        ({"token": 5}, "token"),
        ({"token": "x" * 16_385}, "token"),
        ({"token": "x", "client_ip": "300.1.1.1"}, "client_ip"),
        ({"token": "x", "client_ip": "fe80::1%eth0"}, "client_ip"),
        ({"token": "x", "scopes": "a:read AND"}, "scopes"),
        ({"token": "x", "scopes": ["a:read", "a b"]}, "scopes[1]"),
        ({"token": "x", "scopes": ["a:read OR b:read"]}, "scopes[0]"),
        ({"token": "x", "scopes": ["a:read"] * 65}, "scopes"),
        ({"token": "x", "path": "/a\0b"}, "path"),
        ({"token": "x", "method": "M" * 17}, "method"),
        ({"token": "x", "cost": 1}, "cost"),
    ],
)
def test_a_wrong_field_is_named(server: Server, body: dict[str, object], field: str) -> None:
    refused = server.call("POST", VERIFY, {"audience": "keystead", **body})
    assert problem(refused) == (400, "invalid_request")
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert "x" * 100 not in refused.body.decode()


def test_only_administrators_verify_for_keystead_itself(server: Server) -> None:
    token, _ = server.token("accounts:list")
    for role in ("manager", "user"):
        _, by = member(server, role)
        assert code(server, token, by) == "NOT_FOUND"
    _, by = member(server, "auditor")
    body = {"token": token, "audience": "keystead"}
    assert problem(server.call("POST", VERIFY, body, token=by)) == (403, "insufficient_scope")


def test_who_verifies_for_no_api_must_say_for_which(server: Server) -> None:
    _, by = member(server, "user")
    refused = server.call("POST", VERIFY, {"token": unknown_token()}, token=by)
    assert [error["field"] for error in refused.json()["errors"]] == ["audience"]


def test_a_use_is_counted_for_the_credential_that_was_shown(server: Server) -> None:
    token, made = server.token("accounts:list")
    asked(server, token, client_ip="192.0.2.77")
    one = f"{V1}/credentials/{made['id']}"
    until(lambda: ok(server.call("GET", one))["last_used"] is not None)
    used = ok(server.call("GET", one))["last_used"]
    assert (used["address"], used["uses"]) == ("192.0.2.77", 1)


def test_a_refusal_is_entered_under_the_name_of_what_was_shown(server: Server) -> None:
    token, made = server.token("accounts:list")
    ok(server.call("POST", f"{V1}/credentials/{made['id']}/revoke"))
    asked(server, token, client_ip="192.0.2.78", method="GET", path="/orders/1")
    query = f"verb=credential.verify&credential={made['id']}"
    (event,) = ok(server.call("GET", f"{V1}/audit/events?{query}"))["items"]
    assert (event["decision"], event["code"]) == ("refused", "credential_revoked")
    assert event["address"] == "192.0.2.78"
    assert event["asserted_by"].startswith("verifier cred_")
    assert event["facts"] == {"method": "GET", "path": "/orders/1"}


def test_the_token_is_repeated_nowhere(server: Server) -> None:
    token, _ = server.token("accounts:list", networks=["192.0.2.1"])
    answers: list[Answer] = [
        server.call("POST", VERIFY, {"token": token, "audience": "keystead", "path": f"/{token}"}),
        server.call("POST", VERIFY, {"token": token, "audience": token}),
        server.call("POST", VERIFY, {"token": token, "scopes": token}),
    ]
    events = server.call("GET", f"{V1}/audit/events?verb=credential.verify&page_size=50")
    assert all(token.encode() not in answer.body for answer in (*answers, events))


@pytest.mark.parametrize(
    "kind", ["api_token", "api_key", "access_token of a client", "signed_token of a key"]
)
def test_k1_one_call_verifies_a_credential_of_any_kind(server: Server, kind: str) -> None:
    signed = {"token_format": "jwt", "offline_networks": "accepted"}
    is_signed = kind.startswith("signed")
    api = register(server, **(signed if is_signed else {}))
    more: dict[str, Any] = {
        "access": [access(api, "scan:read")], "networks": ["127.0.0.0/8", "192.0.2.0/24"],
    }  # fmt: skip
    match kind.partition(" of a ")[2]:
        case "client":
            token = exchanged(server, client(server, **more))
        case "key":
            token = exchanged(server, key(server, **more))
        case _:
            token = client(server, kind=kind, **more).secret
    assert token.startswith("ey") is is_signed

    def told(**asked: object) -> tuple[str, list[str]]:
        body = {"token": token, "client_ip": "192.0.2.9", "audience": api["identifier"], **asked}
        found = ok(server.call("POST", VERIFY, body))
        assert found["active"] is (found["code"] == "VALID")
        return found["code"], found["scopes"]

    assert told() == ("VALID", ["scan:read"])
    assert told(scopes="scan:read OR scan:create")[0] == "VALID"
    assert told(scopes=["scan:read", "scan:create"])[0] == "INSUFFICIENT_SCOPE"
    assert told(client_ip="198.51.100.9")[0] == "NETWORK_DENIED"
    assert told(client_ip=None)[0] == "NETWORK_UNDECIDED"
    assert told(audience=register(server)["identifier"])[0] == "AUDIENCE_MISMATCH"
