"""The organisation's rules through the door: who sets them, and that they bind from the next act on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.cast import V1, in_future, member, ok, problem
from tests.running import Server, running

SETTINGS = f"{V1}/settings"
DEFAULTS = {
    "max_lifetime_days": None, "allow_never": True, "require_networks": False,
    "require_description": False, "max_networks": 10, "require_public_networks": False,
    "max_access_tokens": 1000, "audit_retention_days": None, "audit_verifications": "counted",
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401
    """A server of its own with two workers: its rules would bind every other test."""
    with running(tmp_path_factory.mktemp("strict") / "data", "--workers", "2") as server:
        yield server


def set_to(server: Server, **wanted: object) -> dict[str, Any]:
    return dict(ok(server.call("PATCH", SETTINGS, wanted)))


def new_token(server: Server, **more: object) -> tuple[int, list[str]]:
    wanted = {
        "kind": "api_token", "name": server.unique("token"), "expires_at": None,
        "scopes": ["accounts:list"], **more,
    }  # fmt: skip
    wanted = {name: value for name, value in wanted.items() if value is not ...}
    answer = server.call("POST", f"{V1}/credentials", wanted)
    errors = answer.json().get("errors", []) if answer.status != 201 else []
    return answer.status, [error["field"] for error in errors]


def test_they_begin_open_and_can_be_changed_one_by_one(strict: Server) -> None:
    assert ok(strict.call("GET", SETTINGS)) == DEFAULTS
    assert set_to(strict, max_networks=20) == {**DEFAULTS, "max_networks": 20}
    assert set_to(strict, max_networks=10) == DEFAULTS


def test_each_binds_on_every_worker_from_the_next_act_on(strict: Server) -> None:
    rules: list[tuple[dict[str, object], dict[str, object], str]] = [
        ({"allow_never": False}, {}, "expires_at"),
        ({"max_lifetime_days": 7}, {"expires_at": in_future(days=8)}, "expires_at"),
        ({"max_lifetime_days": 7}, {"expires_at": ..., "expires_in": "8d"}, "expires_in"),
        ({"require_networks": True}, {}, "networks"),
        ({"require_description": True}, {}, "description"),
        ({"require_public_networks": True}, {"networks": ["10.0.0.1"]}, "networks[0]"),
    ]
    for rule, wished, field in rules:
        set_to(strict, **rule)
        try:
            assert [new_token(strict, **wished) for _ in range(6)] == [(400, [field])] * 6
        finally:
            set_to(strict, **{name: DEFAULTS[name] for name in rule})
        assert [new_token(strict, **wished)[0] for _ in range(6)] == [201] * 6


def test_what_stands_keeps_standing_until_it_is_touched(strict: Server) -> None:
    token, made = strict.token("accounts:list", "self:rotate")
    one = f"{V1}/credentials/{made['id']}"
    set_to(strict, max_lifetime_days=7)
    try:
        assert ok(strict.call("GET", f"{V1}/whoami", token=token))["expires_at"] is None
        ok(strict.call("PATCH", one, {"description": "its end is not touched"}))
        late = strict.call("PATCH", one, {"expires_at": in_future(days=8)})
        assert [error["field"] for error in late.json()["errors"]] == ["expires_at"]
        ok(strict.call("PATCH", one, {"expires_at": in_future(days=6)}))
        late = strict.call("POST", f"{one}/rotate", {"expires_at": in_future(days=8)})
        assert problem(late) == (400, "invalid_request")
        ok(strict.call("POST", f"{one}/rotate", {"expires_at": in_future(days=6)}))
    finally:
        set_to(strict, max_lifetime_days=None)


def test_eleven_networks_are_taken_where_the_organisation_says_so(strict: Server) -> None:
    networks = [f"10.0.0.{n}" for n in range(11)]
    assert new_token(strict, networks=networks) == (400, ["networks"])
    set_to(strict, max_networks=11)
    try:
        assert new_token(strict, networks=networks)[0] == 201
    finally:
        set_to(strict, max_networks=10)


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({"max_lifetime_days": 0}, ["max_lifetime_days"]),
        ({"max_networks": 9, "max_access_tokens": 0}, ["max_networks", "max_access_tokens"]),
        ({"max_networks": 101}, ["max_networks"]),
        ({"audit_retention_days": 29}, ["audit_retention_days"]),
        ({"audit_retention_days": 36_501}, ["audit_retention_days"]),
        ({"audit_verifications": "some"}, ["audit_verifications"]),
        ({"audit_verifications": None}, ["audit_verifications"]),
        ({"max_networks": None}, ["max_networks"]),
        ({"allow_never": "yes"}, ["allow_never"]),
        ({"allow_nevre": False}, ["allow_nevre"]),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_changed(
    server: Server, wanted: dict[str, object], fields: list[str]
) -> None:
    before = ok(server.call("GET", SETTINGS))
    refused = server.call("PATCH", SETTINGS, wanted)
    assert problem(refused) == (400, "invalid_request")
    assert [error["field"] for error in refused.json()["errors"]] == fields
    assert ok(server.call("GET", SETTINGS)) == before


def test_who_may_not_edit_them_changes_nothing(server: Server) -> None:
    for role, sees in (("user", 403), ("manager", 403), ("auditor", 200)):
        _, token = member(server, role)
        assert server.call("GET", SETTINGS, token=token).status == sees
        refused = server.call("PATCH", SETTINGS, {"allow_never": False}, token=token)
        assert problem(refused) == (403, "insufficient_scope")


def test_a_change_is_entered_by_the_names_of_what_changed(strict: Server) -> None:
    set_to(strict, require_description=True)
    set_to(strict, require_description=False)
    found = ok(strict.call("GET", f"{V1}/audit/events?verb=settings.edit&page_size=1"))
    (event,) = found["items"]
    assert (event["verb"], event["decision"]) == ("settings.edit", "allowed")


def test_c13_public_networks_alone_may_be_demanded(strict: Server) -> None:
    _, made = strict.token("accounts:list", networks=["8.8.8.0/24"])
    one = f"{V1}/credentials/{made['id']}"
    private = (
        "10.0.0.0/8", "192.168.1.7", "172.16.0.0/12", "127.0.0.1", "169.254.1.1", "100.64.0.0/10",
        "8.0.0.0/6", "::1", "fe80::/10", "fd00::/8", "::ffff:10.0.0.1",
    )  # fmt: skip
    for network in private:
        assert new_token(strict, networks=[network]) == (201, []), network
    set_to(strict, require_public_networks=True)
    try:
        for network in private:
            mixed = ["8.8.8.8", network, "2606:4700::/32"]
            assert new_token(strict, networks=mixed) == (400, ["networks[1]"]), network
            refused = strict.call("PATCH", one, {"networks": mixed})
            assert [error["field"] for error in refused.json()["errors"]] == ["networks[1]"]
        public = ["8.8.8.8", "2606:4700::/32"]
        assert new_token(strict, networks=public)[0] == 201
        edited = ok(strict.call("PATCH", one, {"networks": public}))
        assert [each["text"] for each in edited["networks"]] == public
        assert new_token(strict)[0] == 201, "to be bound to networks at all is another rule"
    finally:
        set_to(strict, require_public_networks=False)
