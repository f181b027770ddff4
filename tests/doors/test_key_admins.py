"""Row C25: a key that manages keys and nothing else, and gives what its owner may give now."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import ALL, V1, application, ok, problem
from tests.doors.registering import access, register
from tests.doors.tokens import CREDENTIALS, create, record_of, wrong
from tests.running import send

if TYPE_CHECKING:
    from tests.running import Answer, Server

MANAGING = tuple(scope for scope in ALL if scope.startswith("credentials:"))


def admin_key(server: Server, **more: object) -> tuple[str, dict[str, Any]]:
    """Make a key that manages keys; return its secret and record."""
    wanted: dict[str, object] = {
        "kind": "api_key", "type": "key_admin", "name": server.unique("key admin"),
        "scopes": [*MANAGING, "self:rotate"], **more,
    }  # fmt: skip
    made = ok(create(server, **wanted), 201)
    return made["secret"], made["credential"]


def make(server: Server, token: str, **more: object) -> Answer:
    """Ask for a key by what manages keys."""
    wanted = {
        "kind": "api_key", "name": server.unique("key"), "scopes": ["folders:list"],
        "expires_at": None, **more,
    }  # fmt: skip
    body = {name: value for name, value in wanted.items() if value is not ...}
    return server.call("POST", CREDENTIALS, body, token=token)


def test_c25_it_makes_keys_with_scopes_that_it_does_not_hold(server: Server) -> None:
    token, record = admin_key(server)
    assert record["public_id"].startswith("ksk_")
    made = ok(make(server, token, scopes=["secrets:read", "audit:read"]), 201)
    assert server.call("GET", f"{V1}/audit/events", token=made["secret"]).status == 200
    assert made["credential"]["owner"] == record["owner"]


def test_c25_it_never_gives_what_its_owner_lacks_now(server: Server) -> None:
    owner = application(server, "user", "auditor")
    token, _ = admin_key(server, owner_id=owner["id"])
    made = ok(make(server, token, scopes=["audit:read"]), 201)["credential"]
    assert problem(make(server, token, scopes=["settings:edit"])) == (403, "insufficient_scope")
    ok(server.call("PATCH", f"{V1}/owners/{owner['id']}", {"roles": ["user"]}))
    assert problem(make(server, token, scopes=["audit:read"])) == (403, "insufficient_scope")
    assert make(server, token).status == 201
    path = f"{CREDENTIALS}/{made['id']}"
    for method, suffix, body in (
        ("PATCH", "", {"description": "taken"}),
        ("POST", "/rotate", {}),
        ("POST", "/refresh", None),
        ("POST", "/enable", None),
    ):
        refused = server.call(method, path + suffix, body, token=token)
        assert problem(refused) == (403, "insufficient_scope")
    assert ok(server.call("POST", f"{path}/revoke", token=token))["state"] == "revoked"


def test_c25_it_gives_a_level_where_its_owner_may_all_that_is_added_to_it(server: Server) -> None:
    wanted: dict[str, object] = {"levels": {"accounts": "read"}, "scopes": ["folders:list"]}
    token, _ = admin_key(server)
    assert make(server, token, **wanted).status == 201
    owner = application(server, "user")
    token, _ = admin_key(server, owner_id=owner["id"])
    assert problem(make(server, token, **wanted)) == (403, "insufficient_scope")


def test_c25_it_gives_access_to_the_apis_that_its_owner_may_change(server: Server) -> None:
    owner = application(server, "user")
    token, _ = admin_key(server, owner_id=owner["id"])
    own, others = register(server, owner_id=owner["id"]), register(server)
    for scopes in (..., ["folders:list"]):
        good = make(server, token, access=[access(own, "scan:read")], scopes=scopes)
        assert good.status == 201, good.body
        refused = make(server, token, access=[access(others, "scan:read")], scopes=scopes)
        assert problem(refused) == (403, "insufficient_scope")
    ok(server.call("PATCH", f"{V1}/owners/{owner['id']}", {"roles": ["auditor"]}))
    assert problem(make(server, token, access=[access(own, scan="read")]))[0] == 403


def test_c25_nothing_else_is_open_to_it(server: Server) -> None:
    token, _ = admin_key(server)
    password = {"current": server.admin_password, "new": "nine troubled waters"}
    for method, path, body in (
        ("GET", "folders", None),
        ("POST", "folders", {"name": "x"}),
        ("GET", "accounts", None),
        ("GET", "owners", None),
        ("GET", "audit/events", None),
        ("GET", "settings", None),
        ("POST", "self/password", password),
        ("POST", "verify", {"token": "x", "audience": "keystead"}),
    ):
        refused = server.call(method, f"{V1}/{path}", body, token=token)
        assert problem(refused) == (403, "insufficient_scope"), path
    who = ok(server.call("GET", f"{V1}/whoami", token=token))
    assert set(who["scopes"]) == {*MANAGING, "self:rotate"}


@pytest.mark.parametrize(
    "wanted",
    [{"kind": "api_token"}, {"kind": "oauth_client"}, {"kind": "api_key", "type": "key_admin"}],
)
def test_c25_it_makes_nothing_but_keys(server: Server, wanted: dict[str, str]) -> None:
    token, _ = admin_key(server)
    refused = make(server, token, scopes=["credentials:list"], **wanted)
    assert problem(refused) == (403, "insufficient_scope")


def test_c25_it_reaches_nothing_but_keys(server: Server) -> None:
    token, itself = admin_key(server)
    _, another = admin_key(server)
    _, of_kind_token = server.token("folders:list")
    of_kind_client = ok(create(server, kind="oauth_client"), 201)["credential"]
    key = ok(create(server, kind="api_key"), 201)["credential"]
    for record in (itself, another, of_kind_token, of_kind_client):
        path = f"{CREDENTIALS}/{record['id']}"
        for method, suffix, body in (
            ("GET", "", None), ("GET", "/secrets", None), ("PATCH", "", {"description": "x"}),
            ("DELETE", "", None), ("POST", "/rotate", None), ("POST", "/refresh", None),
            ("POST", "/revoke", None), ("POST", "/disable", None), ("POST", "/enable", None),
        ):  # fmt: skip
            assert problem(server.call(method, path + suffix, body, token=token))[0] == 404
    assert record_of(server, another["id"])["state"] == "active"
    assert server.call("GET", f"{CREDENTIALS}/{key['id']}", token=token).status == 200


def test_c25_it_lists_keys_alone(server: Server) -> None:
    token, itself = admin_key(server)
    server.token("folders:list")
    key = ok(create(server, kind="api_key"), 201)["credential"]

    def listed(query: str) -> list[dict[str, Any]]:
        answer = server.call("GET", f"{CREDENTIALS}?page_size=200{query}", token=token)
        return list(ok(answer)["items"])

    for query in ("", "&kind=api_key", "&type=static"):
        found = listed(query)
        assert key["id"] in {each["id"] for each in found}
        assert {(each["kind"], each["type"]) for each in found} == {("api_key", "static")}
    for query in ("&kind=api_token", "&type=key_admin", "&kind=oauth_client&type=static"):
        assert listed(query) == []
    everybodys = ok(server.call("GET", f"{CREDENTIALS}?type=key_admin&page_size=200"))["items"]
    assert itself["id"] in {each["id"] for each in everybodys}
    assert {each["type"] for each in everybodys} == {"key_admin"}


def test_c25_it_rotates_and_ends_itself(server: Server) -> None:
    token, record = admin_key(server)
    new = ok(server.call("POST", f"{V1}/self/rotate", token=token))["secret"]
    assert make(server, new).status == 201
    ok(server.call("POST", f"{V1}/self/revoke", token=new), 204)
    assert record_of(server, record["id"])["state"] == "revoked"


def test_c25_its_keys_end_no_later_and_reach_no_further_than_itself(server: Server) -> None:
    token, _ = admin_key(server, expires_at="2099-01-01T00:00:00Z", networks=["127.0.0.0/8"])
    within = {"expires_at": "2098-01-01T00:00:00Z", "networks": ["127.0.0.1"]}
    assert make(server, token, **within).status == 201
    wider: tuple[dict[str, object], ...] = ({"expires_at": None}, {"networks": []})
    for more in wider:
        refused = make(server, token, **{**within, **more})
        assert problem(refused) == (403, "insufficient_scope")


def test_who_holds_less_than_its_owner_may_makes_and_takes_over_none(server: Server) -> None:
    """Else a token for managing keys alone would give itself all the rights of its owner."""
    _, record = admin_key(server, scopes=["credentials:create"])
    less, _ = server.token(*(scope for scope in ALL if scope != "settings:edit"))
    wanted = {"kind": "api_key", "type": "key_admin", "scopes": ["credentials:create"]}
    assert problem(make(server, less, **wanted)) == (403, "insufficient_scope")
    path = f"{CREDENTIALS}/{record['id']}"
    for method, suffix, body in (
        ("PATCH", "", {"networks": []}),
        ("POST", "/rotate", {}),
        ("POST", "/refresh", None),
        ("POST", "/enable", None),
    ):
        refused = server.call(method, path + suffix, body, token=less)
        assert problem(refused) == (403, "insufficient_scope")
    whole, _ = server.token(*ALL)
    assert make(server, whole, **wanted).status == 201
    assert server.call("POST", f"{path}/rotate", token=whole).status == 200


@pytest.mark.parametrize(
    "wanted",
    [
        {"scopes": ["credentials:list", "secrets:read"]},
        {"levels": {"folders": "read"}, "scopes": ...},
    ],
)
def test_it_is_given_nothing_but_the_management_of_keys(
    server: Server, wanted: dict[str, object]
) -> None:
    found = wrong(create(server, kind="api_key", type="key_admin", **wanted))
    assert set(found) in ({"scopes[1]"}, {"levels"})
    _, record = admin_key(server)
    edit = {name: value for name, value in wanted.items() if value is not ...}
    refused = server.call("PATCH", f"{CREDENTIALS}/{record['id']}", edit)
    assert "key_admin" in " ".join(wrong(refused).values())


def test_only_a_key_has_that_type(server: Server) -> None:
    for kind in ("api_token", "oauth_client"):
        assert set(wrong(create(server, kind=kind, type="key_admin"))) >= {"type"}


def test_c25_what_it_is_given_instead_of_itself_is_kept_to_the_same(server: Server) -> None:
    key, record = admin_key(server)
    pair = b64encode(f"{record['public_id']}:{key}".encode()).decode()
    headers = {
        "Authorization": f"Basic {pair}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = b"grant_type=client_credentials"
    token = ok(send(server.url, "POST", "/oauth/token", form, headers))["access_token"]
    _, others = server.token("folders:list")
    listed = ok(server.call("GET", f"{CREDENTIALS}?page_size=200", token=token))["items"]
    assert {each["kind"] for each in listed} == {"api_key"}
    path = f"{CREDENTIALS}/{others['id']}"
    assert server.call("POST", f"{path}/revoke", token=token).status in {403, 404}
    refused = server.call("GET", f"{V1}/folders", token=token)
    assert problem(refused) == (403, "insufficient_scope")
    refused = make(server, token, kind="api_token")
    assert problem(refused) == (403, "insufficient_scope")
