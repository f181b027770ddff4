"""Where the organisation wants it, each good answer to an API has an entry of its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, ok
from tests.doors.registering import access, given, register
from tests.oauth.asking import post
from tests.running import Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = f"{V1}/settings"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own with two workers: what is set would bind every other test."""
    with running(tmp_path_factory.mktemp("entered") / "data", "--workers", "2") as server:
        yield server


@contextmanager
def all_entered(server: Server) -> Iterator[None]:
    ok(server.call("PATCH", SETTINGS, {"audit_verifications": "all"}))
    try:
        yield
    finally:
        ok(server.call("PATCH", SETTINGS, {"audit_verifications": "counted"}))


def entries(server: Server, made: dict[str, Any], verb: str) -> list[dict[str, Any]]:
    """Return the entries that name the credential itself as the one who came."""
    query = f"credential={made['id']}&verb={verb}"
    found = ok(server.call("GET", f"{V1}/audit/events?{query}"))["items"]
    return [dict(event) for event in found]


def verified(server: Server, token: str, api: dict[str, Any], **more: object) -> str:
    body = {"token": token, "audience": api["identifier"], "client_ip": "192.0.2.7", **more}
    return str(ok(server.call("POST", f"{V1}/verify", body))["code"])


def test_each_allowed_one_is_entered_before_it_is_answered(alone: Server) -> None:
    api = register(alone)
    token, made = given(alone, access(api, "scan:read"))
    assert verified(alone, token, api) == "VALID"
    assert entries(alone, made, "credential.verify") == []
    with all_entered(alone):
        for n in range(1, 9):
            assert verified(alone, token, api, method="GET", path="/scans") == "VALID"
            assert len(entries(alone, made, "credential.verify")) == n
        newest = entries(alone, made, "credential.verify")[-1]
        assert (newest["decision"], newest["code"], newest["address"]) == (
            "allowed", "ok", "192.0.2.7",
        )  # fmt: skip
        assert newest["object"]["id"] == newest["actor"]["credential_id"] == made["id"]
        assert newest["asserted_by"].startswith("verifier cred_")
        assert verified(alone, token, api, scopes=["scan:create"]) == "INSUFFICIENT_SCOPE"
        assert entries(alone, made, "credential.verify")[-1]["decision"] == "refused"
    assert verified(alone, token, api) == "VALID"
    assert len(entries(alone, made, "credential.verify")) == 9


def test_introspection_too(alone: Server) -> None:
    api = register(alone)
    token, made = given(alone, access(api, "scan:read"))
    form = {"token": token, "resource": api["identifier"]}
    by = f"Bearer {alone.admin_token}"
    with all_entered(alone):
        assert ok(post(alone, "/oauth/introspect", form, authorization=by))["active"]
    assert ok(post(alone, "/oauth/introspect", form, authorization=by))["active"]
    assert [e["decision"] for e in entries(alone, made, "oauth.introspect")] == ["allowed"]


def test_a_use_and_its_entry_are_one(alone: Server) -> None:
    api = register(alone)
    token, made = given(alone, access(api, "scan:read"), max_uses=2)
    with all_entered(alone):
        assert [verified(alone, token, api) for _ in range(3)] == ["VALID", "VALID", "EXPIRED"]
        told = [entry["decision"] for entry in entries(alone, made, "credential.verify")]
        assert told == ["allowed", "allowed", "refused"]
