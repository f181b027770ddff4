"""Who may verify for an API, and that nobody's catalogue speaks for another's."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import application, member, ok, problem, told
from tests.doors.registering import APIS, KEYSTEAD, access, catalogue, identifier, register
from tests.oauth.asking import ask, client, error, exchanged, post
from tests.oauth.signing import TYPE as ASSERTION_TYPE

if TYPE_CHECKING:
    from tests.running import Answer, Server


def introspect(server: Server, token: str, by: str, **more: str) -> Answer:
    asked = {"token": token, **more}
    return post(server, "/oauth/introspect", asked, authorization=f"Bearer {by}")


def wished(server: Server, *verifiers: str) -> dict[str, Any]:
    return {
        "identifier": identifier(server),
        "name": server.unique("API"),
        "groups": catalogue(payments="read write"),
        "verifiers": list(verifiers),
    }


def test_nobody_is_made_a_verifier_by_a_stranger(server: Server) -> None:
    victim, _ = member(server, "user")
    owner, token = member(server, "user")
    mine = register(server, token=token)
    for asked in (
        server.call("POST", APIS, wished(server, owner, victim), token=token),
        server.call("PATCH", f"{APIS}/{mine['id']}", {"verifiers": [owner, victim]}, token=token),
    ):
        assert problem(asked) == (400, "invalid_request")
        assert [each["field"] for each in asked.json()["errors"]] == ["verifiers[1]"]
    ok(server.call("POST", APIS, wished(server, owner, victim)), 201)


@pytest.mark.parametrize("field", ["verifiers", "owner_id"])
def test_a_stranger_does_not_find_out_who_there_is(server: Server, field: str) -> None:
    victim, _ = member(server, "user")
    _, token = member(server, "user")
    mine = register(server, token=token)
    for method, path, whole in (
        ("POST", APIS, wished(server)),
        ("PATCH", f"{APIS}/{mine['id']}", {}),
    ):
        answers = {
            told(server.call(method, path, {**whole, field: value}, token=token))
            for value in ([victim], ["own_000000000000"], victim, "own_000000000000")
            if isinstance(value, list) == (field == "verifiers")
        }
        assert len(answers) == 1, answers


def test_who_was_named_by_somebody_who_may_stays_through_an_edit(server: Server) -> None:
    friend, _ = member(server, "user")
    owner, token = member(server, "user")
    api = ok(server.call("POST", APIS, {**wished(server, friend), "owner_id": owner}), 201)
    edited = server.call(
        "PATCH",
        f"{APIS}/{api['id']}",
        {"verifiers": [friend, owner], "name": api["name"]},
        token=token,
    )
    assert set(ok(edited)["verifiers"]) == {friend, owner}


def two_apis(server: Server, form: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return two owners' APIs, the first with a verifier whom both have, and a token of his."""
    verifier, by = member(server, "user")
    others, _ = member(server, "user")
    one = register(server, owner_id=verifier, groups=catalogue(doc="read"), token_format=form)
    other = register(
        server,
        owner_id=others, verifiers=[verifier], groups=catalogue(doc="read", users="admin"),
        token_format=form,
    )  # fmt: skip
    return one, other, by


def test_a_scope_of_one_owner_s_api_is_not_told_under_another_s(server: Server) -> None:
    one, other, by = two_apis(server, "opaque")
    made = client(
        server, access=[access(one, "doc:read"), access(other, "doc:read", "users:admin")]
    )
    resources = [("resource", one["identifier"]), ("resource", other["identifier"])]
    token = exchanged(server, made, resources)
    told = ok(introspect(server, token, by))
    assert (told["scope"], set(told["aud"])) == (
        "doc:read", {one["identifier"], other["identifier"]},
    )  # fmt: skip
    for api, scope in ((one, "doc:read"), (other, "doc:read users:admin")):
        told = ok(introspect(server, token, by, resource=api["identifier"]))
        assert (told["active"], told["scope"], told["aud"]) == (True, scope, api["identifier"])


def test_a_resource_server_names_the_api_that_asks(server: Server) -> None:
    one, other, by = two_apis(server, "opaque")
    token = exchanged(server, client(server, access=[access(other, "users:admin")]))
    assert ok(introspect(server, token, by))["active"]
    assert not ok(introspect(server, token, by, resource=one["identifier"]))["active"]
    third = register(server)
    refused = introspect(server, token, by, resource=third["identifier"])
    assert error(refused) == (400, "invalid_request")


def test_an_administrator_s_server_that_names_its_api_sees_no_token_of_keystead_s_own(
    server: Server,
) -> None:
    api = register(server)
    token = exchanged(server, client(server, "accounts:list"))
    assert ok(introspect(server, token, server.admin_token))["active"]
    found = introspect(server, token, server.admin_token, resource=api["identifier"])
    assert not ok(found)["active"]
    named = introspect(server, token, server.admin_token, resource=server.url)
    assert ok(named)["active"]


def test_keystead_s_own_api_is_named_as_at_the_token_endpoint(server: Server) -> None:
    """By the issuer: its identifier is no URI, and so no resource."""
    token = exchanged(server, client(server, "accounts:list"))
    refused = introspect(server, token, server.admin_token, resource=KEYSTEAD["identifier"])
    assert error(refused) == (400, "invalid_request")


def test_one_jwt_for_apis_of_several_owners_holds_what_is_held_on_each(server: Server) -> None:
    one, other, _ = two_apis(server, "jwt")
    made = client(
        server, access=[access(one, "doc:read"), access(other, "doc:read", "users:admin")]
    )
    both = [("resource", one["identifier"]), ("resource", other["identifier"])]
    assert error(ask(server, made, both)) == (400, "invalid_scope")
    token = exchanged(server, made, [*both, ("scope", "doc:read")])
    payload = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["scope"] == "doc:read"


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
def test_a_client_id_beside_a_token_is_the_token_s_own(server: Server, path: str) -> None:
    owner = application(server, "user")
    token, record = server.token("tokens:verify", owner_id=owner["id"])
    bearer = f"Bearer {token}"
    asked = {"token": "kst_nothing", "client_id": client(server, "accounts:list").id}
    assert error(post(server, path, asked, authorization=bearer)) == (400, "invalid_request")
    asked["client_id"] = record["public_id"]
    assert post(server, path, asked, authorization=bearer).status == 200


@pytest.mark.parametrize(
    "identity", [r"ksc_\ud800", r"ksc_\u0000abcdefghijk", "ksc_short", "kst_aaaaaaaaaaaa"]
)
def test_an_assertion_of_no_client_s_form_is_refused_like_any_other(
    server: Server, identity: str
) -> None:
    claims = f'{{"iss":"{identity}","sub":"{identity}","aud":"x","jti":"j","exp":9999999999}}'
    signed = ".".join(map(_encoded, ('{"alg":"ES256"}', claims, "x" * 64)))
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
    }
    assert error(post(server, "/oauth/token", form)) == (401, "invalid_client")


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")
