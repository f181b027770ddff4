"""What an API is told of a token, and that it is told nothing else (RFC 7662)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import V1, application, member, ok, unknown_token, until
from tests.doors.registering import access, catalogue, register
from tests.oauth.asking import Client, client, error, exchanged, key, post

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.running import Answer, Served, Server

INTROSPECT = "/oauth/introspect"
NOTHING = {"active": False}


def verifier(server: Served, *scopes: str, **more: Any) -> Client:  # noqa: ANN401
    """Make a client that may ask, of the administrator's, who owns the APIs of these tests."""
    return client(server, "tokens:verify", *scopes, **more)


def asked(server: Served, by: Client, token: str, **more: str) -> Answer:
    return post(server, INTROSPECT, {"token": token, **more}, authorization=by.basic)


def told(server: Served, by: Client, token: str, **more: str) -> dict[str, Any]:
    answer = asked(server, by, token, **more)
    found = dict(ok(answer))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["content-type"] == "application/json"
    return found


def orders(server: Served, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return register(server, groups=catalogue(orders="list read create", bills="read write"), **more)


def test_a_good_access_token_is_told_whole(clocked: Clocked) -> None:
    api = orders(clocked)
    made = client(clocked, access=[access(api, "orders:list", bills="write")])
    now = int(clocked.clock.now() // 1_000_000)
    token = exchanged(clocked, made)
    assert told(clocked, verifier(clocked), token) == {
        "active": True,
        "scope": "bills:read bills:write orders:list",
        "client_id": made.id,
        "username": "admin",
        "token_type": "Bearer",
        "exp": now + 3600,
        "iat": now,
        "nbf": now,
        "sub": made.id,
        "aud": api["identifier"],
        "iss": clocked.url,
        "jti": token[4:16],
        "keystead_kind": "access_token",
        "keystead_owner": made.record["owner"]["id"],
    }


def test_a_credential_of_every_kind_that_is_no_client_is_told(server: Server) -> None:
    api = orders(server)
    given = [access(api, "orders:list")]
    by = verifier(server)
    for kind in ("api_token", "api_key"):
        made = client(server, kind=kind, access=given)
        found = told(server, by, made.secret)
        assert (found["active"], found["keystead_kind"]) == (True, kind)
        assert (found["client_id"], found["sub"]) == (made.id, made.id)
        assert "exp" not in found, "it has no end"
    assert told(server, by, client(server, access=given).secret) == NOTHING


def test_an_application_has_no_user_name(server: Server) -> None:
    api = orders(server)
    owner = application(server)
    made = client(server, owner_id=owner["id"], access=[access(api, "orders:list")])
    found = told(server, verifier(server), exchanged(server, made))
    assert (found["keystead_owner"], "username" in found) == (owner["id"], False)


def test_the_beginning_of_a_credential_is_told(clocked: Clocked) -> None:
    api = orders(clocked)
    begin = clocked.after(seconds=100)
    made = key(clocked, access=[access(api, "orders:list")], not_before=begin)
    now = int(clocked.clock.now() // 1_000_000)
    assert told(clocked, verifier(clocked), made.secret) == NOTHING
    clocked.set(begin)
    found = told(clocked, verifier(clocked), made.secret)
    assert (found["iat"], found["nbf"]) == (now, now + 100)


def test_a_replaced_secret_ends_when_it_retires(clocked: Clocked) -> None:
    api = orders(clocked)
    made = key(clocked, access=[access(api, "orders:list")])
    by = verifier(clocked)
    now = int(clocked.clock.now() // 1_000_000)
    ok(clocked.call("POST", f"{made.path}/rotate", {"overlap_seconds": 600}))
    assert told(clocked, by, made.secret)["exp"] == now + 600
    clocked.set(clocked.after(seconds=600))
    assert told(clocked, by, made.secret) == NOTHING


def test_what_is_not_good_now_is_told_as_nothing(clocked: Clocked) -> None:
    api = orders(clocked)
    by = verifier(clocked)

    def fresh() -> tuple[Client, str]:
        made = client(clocked, access=[access(api, "orders:list")])
        return made, exchanged(clocked, made)

    for act in ("revoke", "disable"):
        made, token = fresh()
        assert told(clocked, by, token)["active"]
        ok(clocked.call("POST", f"{made.path}/{act}"))
        assert told(clocked, by, token) == NOTHING
    made, token = fresh()
    ok(clocked.call("DELETE", made.path), 204)
    assert told(clocked, by, token) == NOTHING
    _, token = fresh()
    ok(clocked.call("POST", f"{V1}/self/revoke", token=token), 204)
    assert told(clocked, by, token) == NOTHING
    _, token = fresh()
    clocked.set(clocked.after(seconds=3600))
    assert told(clocked, by, token) == NOTHING


@pytest.mark.parametrize(
    "text",
    ["nonsense", "ksa_", "unknown", "ey.ey.ey", "\0", "x" * 50_000, "é"],
    ids=["nonsense", "mark", "unknown", "no-jwt", "nul", "long", "accent"],
)
def test_what_is_no_token_is_told_as_nothing(server: Server, text: str) -> None:
    # Made here: as a parameter it would be another one in each of the processes that run tests.
    token = unknown_token() if text == "unknown" else text
    assert told(server, verifier(server), token) == NOTHING


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense", "\0", ""])
def test_a_hint_changes_nothing(server: Server, hint: str) -> None:
    api = orders(server)
    by = verifier(server)
    for made in (
        exchanged(server, client(server, access=[access(api, "orders:list")])),
        key(server, access=[access(api, "orders:list")]).secret,
    ):
        assert told(server, by, made, token_type_hint=hint)["active"]


def test_only_whoever_verifies_for_its_api_learns_of_a_token(server: Server) -> None:
    owner_id, _ = member(server, "user")
    api = orders(server)
    made = client(server, access=[access(api, "orders:list")])
    token = exchanged(server, made)
    stranger = verifier(server, owner_id=owner_id)
    assert told(server, stranger, token) == NOTHING
    ok(server.call("PATCH", f"{V1}/apis/{api['id']}", {"verifiers": [owner_id]}))
    assert told(server, stranger, token)["active"]
    ok(server.call("PATCH", f"{V1}/apis/{api['id']}", {"verifiers": []}))
    assert told(server, stranger, token) == NOTHING


def test_only_the_askers_apis_are_told_of(server: Server) -> None:
    owner_id, _ = member(server, "user")
    mine, other = orders(server, verifiers=[owner_id]), register(server)
    made = client(server, access=[access(mine, "orders:list"), access(other, "scan:read")])
    resources = [("resource", mine["identifier"]), ("resource", other["identifier"])]
    token = exchanged(server, made, resources)
    found = told(server, verifier(server, owner_id=owner_id), token)
    assert (found["aud"], found["scope"]) == (mine["identifier"], "orders:list")
    found = told(server, verifier(server), token)
    assert set(found["aud"]) == {mine["identifier"], other["identifier"]}
    assert found["scope"] == "orders:list scan:read"


def test_a_scope_that_holds_on_one_api_and_not_on_another_is_told_of_neither(
    server: Server,
) -> None:
    first, second = orders(server), orders(server)
    made = key(
        server,
        access=[access(first, "orders:list", "bills:read"), access(second, "orders:list")],
    )
    assert told(server, verifier(server), made.secret)["scope"] == "orders:list"


def test_keysteads_own_tokens_are_told_to_administrators_alone(server: Server) -> None:
    owner_id, _ = member(server, "user")
    made = client(server, "accounts:list", "self:rotate")
    token = exchanged(server, made)
    assert told(server, verifier(server, owner_id=owner_id), token) == NOTHING
    found = told(server, verifier(server), token)
    assert (found["aud"], found["scope"]) == (server.url, "accounts:list")


def test_a_scope_that_the_owners_roles_lack_is_not_told(server: Server) -> None:
    owner_id, _ = member(server, "user")
    token, _ = server.token("accounts:list", "settings:edit", owner_id=owner_id)
    assert told(server, verifier(server), token)["scope"] == "accounts:list"


def test_a_token_that_was_narrowed_to_nothing_is_none(server: Server) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    ok(server.call("PATCH", made.path, {"scopes": ["folders:list"]}))
    assert told(server, verifier(server), token) == NOTHING
    verdict = ok(server.call("POST", "/api/v1/verify", {"token": token, "audience": "keystead"}))
    assert (verdict["active"], verdict["code"]) == (False, "INSUFFICIENT_SCOPE")


def test_networks_are_judged_by_the_address_that_the_api_says(server: Server) -> None:
    api = orders(server)
    made = key(server, access=[access(api, "orders:list")], networks=["192.0.2.0/24"])
    by = verifier(server, "tokens:assert-ip")
    assert told(server, by, made.secret) == NOTHING, "nobody says from where"
    assert told(server, by, made.secret, client_ip="192.0.2.9")["active"]
    assert told(server, by, made.secret, client_ip="::ffff:192.0.2.9")["active"]
    assert told(server, by, made.secret, client_ip="198.51.100.1") == NOTHING


def test_saying_an_address_needs_its_own_scope(server: Server) -> None:
    made = key(server, "accounts:list")
    by = verifier(server)
    refused = asked(server, by, made.secret, client_ip="192.0.2.9")
    assert error(refused) == (403, "insufficient_scope")
    assert "tokens:assert-ip" in refused.json()["error_description"]
    assert told(server, by, made.secret, client_ip="")["active"], "an empty one is none"


@pytest.mark.parametrize("text", ["300.1.1.1", "host.example", "fe80::1%eth0", "1.2.3.4, 5.6.7.8"])
def test_an_address_that_is_none_is_refused(server: Server, text: str) -> None:
    by = verifier(server, "tokens:assert-ip")
    refused = asked(server, by, unknown_token(), client_ip=text)
    assert error(refused) == (400, "invalid_request")


def test_the_asker_proves_who_he_is_by_whatever_he_has(server: Server) -> None:
    token = exchanged(server, client(server, "accounts:list"))
    by, his_key = verifier(server), key(server, "tokens:verify")
    text, _ = server.token("tokens:verify")
    for answer in (
        asked(server, by, token),
        asked(server, his_key, token),
        post(server, INTROSPECT, [("token", token), *by.pairs]),
        post(server, INTROSPECT, {"token": token}, authorization=f"Bearer {text}"),
        post(server, INTROSPECT, {"token": token}, authorization=f"Bearer {his_key.secret}"),
        post(server, INTROSPECT, {"token": token}, x_api_key=his_key.secret),
        post(server, INTROSPECT, {"token": token}, authorization=f"Bearer {exchanged(server, by)}"),
    ):
        assert ok(answer)["active"]


def test_a_stranger_is_told_nothing_at_all(server: Server) -> None:
    token = exchanged(server, client(server, "accounts:list"))
    nobody = post(server, INTROSPECT, {"token": token})
    assert error(nobody) == (401, "invalid_client")
    assert nobody.headers["www-authenticate"].startswith("Basic ")
    wrong = post(server, INTROSPECT, {"token": token}, authorization=f"Bearer {unknown_token()}")
    assert error(wrong) == (401, "invalid_token")
    assert wrong.headers["www-authenticate"].startswith(
        'Bearer realm="keystead", error="invalid_token"'
    )


def test_whoever_may_not_verify_is_refused_in_the_scheme_he_used(server: Server) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    assert error(asked(server, made, token)) == (403, "insufficient_scope")
    refused = post(server, INTROSPECT, {"token": token}, authorization=f"Bearer {token}")
    assert error(refused) == (403, "insufficient_scope")
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert "tokens:verify" in refused.headers["www-authenticate"]


@pytest.mark.parametrize("pairs", [[], [("token", "")], [("token_type_hint", "access_token")]])
def test_a_token_is_needed(server: Server, pairs: list[tuple[str, str]]) -> None:
    refused = post(server, INTROSPECT, pairs, authorization=verifier(server).basic)
    assert error(refused) == (400, "invalid_request")
    assert error(post(server, INTROSPECT, pairs)) == (401, "invalid_client")


def test_a_token_stands_once_and_never_in_the_url(server: Server) -> None:
    by, token = verifier(server), unknown_token()
    twice = post(server, INTROSPECT, [("token", token)] * 2, authorization=by.basic)
    assert error(twice) == (400, "invalid_request")
    exposed = post(server, f"{INTROSPECT}?token={token}", authorization=by.basic)
    assert error(exposed) == (400, "invalid_request")
    assert token not in exposed.body.decode()


def test_each_answer_counts_as_a_use_of_what_was_shown(server: Server) -> None:
    api = orders(server)
    made = key(server, access=[access(api, "orders:list")])
    by = verifier(server, "tokens:assert-ip")
    for _ in range(3):
        assert told(server, by, made.secret, client_ip="192.0.2.9")["active"]

    def last() -> tuple[int, str]:
        found = ok(server.call("GET", made.path))["last_used"]
        return (0, "") if found is None else (found["uses"], found["address"])

    until(lambda: last() == (3, "192.0.2.9"))


def test_a_refusal_stands_in_the_audit_under_the_name_of_what_was_shown(server: Server) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    ok(server.call("POST", f"{V1}/self/revoke", token=token), 204)
    by = verifier(server)
    answer = asked(server, by, token)
    assert ok(answer) == NOTHING
    found = ok(server.call("GET", f"{V1}/audit/events?decision=refused"))["items"]
    request_id = answer.headers["keystead-request-id"]
    (entry,) = [each for each in found if each["request_id"] == request_id]
    assert (entry["verb"], entry["code"]) == ("oauth.introspect", "credential_revoked")
    assert entry["actor"]["credential_id"] == f"cred_{token[4:16]}"
    assert entry["asserted_by"] == f"verifier {by.record['id']}"
    assert token not in str(entry)


def test_a_refusal_of_what_is_none_of_the_askers_is_entered_by_nobody(server: Server) -> None:
    owner_id, _ = member(server, "user")
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    ok(server.call("POST", f"{made.path}/disable"))
    answer = asked(server, verifier(server, owner_id=owner_id), token)
    assert ok(answer) == NOTHING
    found = ok(server.call("GET", f"{V1}/audit/events?decision=refused"))["items"]
    assert answer.headers["keystead-request-id"] not in {each["request_id"] for each in found}
