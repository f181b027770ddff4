"""How the token endpoint reads a request, line by line of docs/guide/oauth.md and RFC 6749 §3.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import ok
from tests.oauth.asking import (
    GRANT,
    SECURE_ACCESS,
    TOKEN,
    ask,
    client,
    error,
    exchanged,
    key,
    post,
    whoami,
)
from tests.running import Server

if TYPE_CHECKING:
    from tests.running import Answer

BOTH = pytest.mark.parametrize("path", [TOKEN, SECURE_ACCESS])


@BOTH
def test_a_client_is_given_a_token_that_opens_what_the_client_holds(
    server: Server, path: str
) -> None:
    found = ok(ask(server, client(server, "accounts:list"), path=path))
    token = found.pop("access_token")
    assert found == {
        "token_type": "bearer" if path == SECURE_ACCESS else "Bearer",
        "expires_in": 3600,
        "scope": "accounts:list",
    }
    assert token.startswith("ksa_")
    assert server.call("GET", "/api/v1/accounts", token=token).status == 200
    assert server.call("GET", "/api/v1/folders", token=token).status == 403


def test_an_api_key_is_exchanged_in_the_same_way(server: Server) -> None:
    found = ok(ask(server, key(server, "accounts:list"), path=SECURE_ACCESS))
    assert list(found) == ["token_type", "access_token", "expires_in", "scope"]
    assert (found["token_type"], found["expires_in"]) == ("bearer", 3600)


@pytest.mark.parametrize("path", ["/oauth/token/", "/oauth//token", "/oauth/%74oken", "/oauth"])
def test_it_is_found_at_its_own_path_alone(server: Server, path: str) -> None:
    assert post(server, path, [GRANT]).status == 404


def test_parameters_of_the_url_are_never_read(server: Server) -> None:
    made = client(server, "accounts:list", "folders:list")
    path = f"{TOKEN}?grant_type=client_credentials&scope=accounts:list"
    assert error(post(server, path, authorization=made.basic)) == (400, "invalid_request")
    found = ok(post(server, path, [GRANT], authorization=made.basic))
    assert found["scope"] == "accounts:list folders:list"
    by_url = post(server, f"{TOKEN}?client_id={made.id}", [GRANT, made.pairs[1]])
    assert error(by_url) == (400, "invalid_request"), "client_id was not sent"


@pytest.mark.parametrize("name", ["client_secret", "client_assertion", "token", "anything"])
def test_a_secret_in_the_url_is_refused_and_entered(server: Server, name: str) -> None:
    made = client(server, "accounts:list")
    refused = post(server, f"{TOKEN}?{name}={made.secret}", [GRANT, *made.pairs])
    assert error(refused) == (400, "invalid_request")
    assert "URL" in refused.json()["error_description"]
    assert made.secret not in refused.body.decode()
    (entry,) = entries(server, refused)
    assert (entry["verb"], entry["code"]) == ("token.exposed", "token_in_query")
    assert entry["actor"]["credential_id"] == made.record["id"]


def entries(server: Server, answer: Answer) -> list[dict[str, Any]]:
    found = ok(server.call("GET", "/api/v1/audit/events?page_size=100"))["items"]
    request_id = answer.headers["keystead-request-id"]
    return [each for each in found if each["request_id"] == request_id]


@pytest.mark.parametrize(
    "twice",
    [
        [GRANT, GRANT],
        [GRANT, ("scope", "accounts:list"), ("scope", "accounts:list")],
        [GRANT, ("scope", "accounts:list"), ("scope", "")],
        [GRANT, ("client_id", "{id}"), ("client_id", "{id}")],
    ],
    ids=["grant_type", "scope", "scope-empty", "client_id"],
)
def test_a_known_parameter_stands_once(server: Server, twice: list[tuple[str, str]]) -> None:
    made = client(server, "accounts:list")
    pairs = [(name, value.replace("{id}", made.id)) for name, value in twice]
    refused = post(server, TOKEN, pairs, authorization=made.basic)
    assert error(refused) == (400, "invalid_request")
    assert twice[-1][0] in refused.json()["error_description"]


def test_unknown_parameters_are_ignored_and_may_stand_twice(server: Server) -> None:
    made = client(server, "accounts:list")
    pairs = [GRANT, ("audience", "a"), ("audience", "b"), ("username", "x"), ("", "y")]
    assert post(server, TOKEN, pairs, authorization=made.basic).status == 200


def test_too_many_parameters_are_refused(server: Server) -> None:
    made = client(server, "accounts:list")
    pairs = [GRANT, *((f"p{n}", "x") for n in range(300))]
    assert error(post(server, TOKEN, pairs, authorization=made.basic)) == (400, "invalid_request")


def test_an_empty_value_is_an_omitted_one(server: Server) -> None:
    made = client(server, "accounts:list")
    empty = [("scope", ""), ("resource", ""), ("client_id", ""), ("client_secret", "")]
    assert ok(ask(server, made, empty))["scope"] == "accounts:list"
    missing = post(server, TOKEN, [("grant_type", "")], authorization=made.basic)
    assert error(missing) == (400, "invalid_request")
    assert "grant_type" in missing.json()["error_description"]


@pytest.mark.parametrize("pairs", [[], [("scope", "accounts:list")]])
def test_the_grant_type_is_needed(server: Server, pairs: list[tuple[str, str]]) -> None:
    refused = ask(server, client(server, "accounts:list"), pairs, grant=())
    assert error(refused) == (400, "invalid_request")


@pytest.mark.parametrize(
    "grant",
    [
        "password", "authorization_code", "refresh_token", "implicit", "Client_Credentials", "x" * 999,
        "urn:ietf:params:oauth:grant-type:device_code", "client_credentials ", "\0",
    ],
)  # fmt: skip
def test_another_grant_is_not_supported(server: Server, grant: str) -> None:
    refused = ask(server, client(server, "accounts:list"), grant=(("grant_type", grant),))
    assert error(refused) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("path", [TOKEN, SECURE_ACCESS])
@pytest.mark.parametrize(
    ("grant", "more"),
    [
        ("jwt-bearer", {"assertion": "e30.e30.e30"}),
        (
            "token-exchange",
            {
                "subject_token": "e30.e30.e30",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            },
        ),
    ],
)
def test_the_grants_of_federated_identities_are_not_supported_yet(
    server: Server, path: str, grant: str, more: dict[str, str]
) -> None:
    name = f"urn:ietf:params:oauth:grant-type:{grant}"
    made = client(server, "accounts:list")
    refused = ask(server, made, more, path=path, grant=(("grant_type", name),))
    assert error(refused) == (400, "unsupported_grant_type")
    # What identifies a client by itself in these grants identifies none here.
    alone = post(server, path, [("grant_type", name), *more.items()])
    assert error(alone) == (401, "invalid_client")
    told = ok(server.call("GET", "/.well-known/oauth-authorization-server", token=None))
    assert told["grant_types_supported"] == ["client_credentials"]


def test_the_client_is_judged_before_the_grant_type(server: Server) -> None:
    refused = post(server, TOKEN, [("grant_type", "password")])
    assert error(refused) == (401, "invalid_client")


def test_no_refresh_token_is_ever_given(server: Server) -> None:
    assert "refresh_token" not in ok(ask(server, client(server, "accounts:list")))


def test_each_token_is_another_one_and_has_its_own_id(server: Server) -> None:
    made = client(server, "accounts:list")
    tokens = {exchanged(server, made) for _ in range(5)}
    assert len(tokens) == 5
    ids = {ok(whoami(server, token))["credential"]["id"] for token in tokens}
    assert len(ids) == 5
    assert all(token[4:16] in {id_.removeprefix("cred_") for id_ in ids} for token in tokens)


def test_what_is_issued_is_entered_under_the_clients_name_without_the_token(server: Server) -> None:
    made = client(server, "accounts:list", "folders:list")
    answer = ask(server, made, {"scope": "accounts:list"})
    token = answer.json()["access_token"]
    (entry,) = entries(server, answer)
    assert (entry["verb"], entry["decision"]) == ("oauth.issue", "allowed")
    assert entry["actor"] == {
        "owner_id": made.record["owner"]["id"],
        "credential_id": made.record["id"],
        "kind": "oauth_client",
    }
    about = entry["object"]
    assert (about["type"], about["id"]) == ("access_token", f"cred_{token[4:16]}")
    assert token not in str(entry)


@pytest.mark.parametrize(
    "more",
    [
        [("scope", "a  b")],
        [("scope", "nothing:such")],
        [("resource", "https://nowhere.example")],
        [("scope", '"'), ("resource", "#")],
    ],
    ids=["grammar", "unknown", "resource", "both"],
)
def test_the_grant_type_is_judged_before_scope_and_resource(
    server: Server, more: list[tuple[str, str]]
) -> None:
    made = client(server, "accounts:list")
    refused = ask(server, made, more, grant=(("grant_type", "password"),))
    assert error(refused) == (400, "unsupported_grant_type")
    missing = ask(server, made, more, grant=())
    assert error(missing) == (400, "invalid_request")
    assert "grant_type" in missing.json()["error_description"]
