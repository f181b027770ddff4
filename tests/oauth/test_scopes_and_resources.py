"""Which scopes a token is given, and for which APIs (RFC 6749 §3.3, RFC 8707)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clocked import Clocked
from tests.doors.cast import V1, member, ok
from tests.doors.registering import access, catalogue, register
from tests.oauth.asking import Client, ask, client, error, exchanged, whoami
from tests.running import Served, Server


def orders(server: Served, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return register(server, groups=catalogue(orders="list read create", bills="read write"), **more)


def of(server: Served, *entries: dict[str, Any]) -> Client:
    return client(server, access=list(entries))


def scope(server: Served, by: Client, *pairs: tuple[str, str]) -> str:
    return str(ok(ask(server, by, pairs))["scope"])


def issuer(server: Server) -> str:
    return server.url


def test_scope_left_out_is_all_that_the_client_holds(server: Server) -> None:
    made = client(server, "folders:list", "accounts:list")
    assert scope(server, made) == "accounts:list folders:list"


def test_a_level_is_told_as_its_scopes(server: Server) -> None:
    api = orders(server)
    made = of(server, access(api, orders="read", bills="write"))
    assert scope(server, made) == "bills:read bills:write orders:list orders:read"


def test_the_answer_echoes_what_was_granted(server: Server) -> None:
    made = client(server, "folders:list", "accounts:list")
    assert scope(server, made, ("scope", "folders:list")) == "folders:list"
    twice = ("scope", "folders:list accounts:list folders:list")
    assert scope(server, made, twice) == "accounts:list folders:list"
    token = exchanged(server, made, {"scope": "folders:list"})
    assert ok(whoami(server, token))["scopes"] == ["folders:list"]
    assert server.call("GET", f"{V1}/accounts", token=token).status == 403


@pytest.mark.parametrize(
    "asked",
    [
        "audit:read",
        "accounts:list audit:read",
        "accounts:lists",
        "ACCOUNTS:LIST",
        "accounts:*",
        "*",
        "openid",
        "no\x00thing",
        "accounts:list  folders:list",
        " accounts:list",
        "accounts:list ",
        "accounts:list\tfolders:list",
        "accounts:list,folders:list",
        '"accounts:list"',
        "accounts:list\\",
        "accoúnts:list",
        "x" * 5000,
    ],
)
def test_a_scope_that_is_unknown_unallowed_or_malformed_is_refused(
    server: Server, asked: str
) -> None:
    made = client(server, "folders:list", "accounts:list")
    refused = ask(server, made, {"scope": asked})
    assert error(refused) == (400, "invalid_scope")
    assert "xxxx" not in refused.body.decode()


def test_a_refused_scope_is_named_if_it_is_one_of_the_apis(server: Server) -> None:
    made = client(server, "accounts:list")
    told = ask(server, made, {"scope": "audit:read"}).json()["error_description"]
    assert told == "audit:read is not held on the API asked for"
    told = ask(server, made, {"scope": f"{made.secret}:x"}).json()["error_description"]
    assert told == "a scope asked for is none of the API's"


def test_what_a_token_could_not_be_used_for_is_not_granted(server: Server) -> None:
    made = client(server, "self:rotate", "accounts:list")
    assert scope(server, made) == "accounts:list"
    assert error(ask(server, made, {"scope": "self:rotate"})) == (400, "invalid_scope")


def test_what_the_owners_roles_do_not_reach_is_not_granted(server: Server) -> None:
    owner_id, _ = member(server, "user")
    made = client(server, "settings:edit", "accounts:list", owner_id=owner_id)
    assert scope(server, made) == "accounts:list"
    assert error(ask(server, made, {"scope": "settings:edit"})) == (400, "invalid_scope")
    alone = client(server, "settings:edit", owner_id=owner_id)
    assert error(ask(server, alone)) == (400, "invalid_scope")


def test_without_a_resource_the_first_api_is_meant(server: Server) -> None:
    first, second = orders(server), register(server)
    made = of(server, access(first, "orders:list"), access(second, "scan:read"))
    assert scope(server, made) == "orders:list"
    assert error(ask(server, made, {"scope": "scan:read"})) == (400, "invalid_scope")
    token = exchanged(server, made)
    assert aud(server, token, first)
    assert not aud(server, token, second)


def aud(server: Server, token: str, api: dict[str, Any]) -> bool:
    """Say whether a token is good for an API, as its owner is told."""
    asked = {"token": token, "audience": api["identifier"]}
    found = ok(server.call("POST", f"{V1}/verify", asked))
    assert found["active"] or found["code"] == "AUDIENCE_MISMATCH", found["code"]
    return bool(found["active"])


def test_a_resource_chooses_the_api(server: Server) -> None:
    first, second = orders(server), register(server)
    made = of(server, access(first, "orders:list"), access(second, "scan:read"))
    chosen = ("resource", second["identifier"])
    assert scope(server, made, chosen) == "scan:read"
    assert error(ask(server, made, [chosen, ("scope", "orders:list")])) == (400, "invalid_scope")
    token = exchanged(server, made, [chosen])
    assert not aud(server, token, first)
    assert aud(server, token, second)


def test_several_resources_are_judged_each_by_itself(server: Server) -> None:
    first, second = orders(server), register(server)
    made = of(server, access(first, "orders:list", "bills:read"), access(second, "scan:read"))
    both = [("resource", second["identifier"]), ("resource", first["identifier"])]
    assert scope(server, made, *both) == "bills:read orders:list scan:read"
    some = ("scope", "scan:read bills:read")
    assert scope(server, made, *both, some) == "bills:read scan:read"
    token = exchanged(server, made, [*both, some])
    assert aud(server, token, first)
    assert aud(server, token, second)
    for asked in ("scan:read", "scan:read orders:read"):
        refused = ask(server, made, [*both, ("scope", asked)])
        assert error(refused) == (400, "invalid_scope"), "one API would be left with nothing"


def test_the_same_resource_twice_is_one(server: Server) -> None:
    api = orders(server)
    made = of(server, access(api, "orders:list"))
    assert scope(server, made, *[("resource", api["identifier"])] * 3) == "orders:list"


def test_keysteads_own_api_is_named_by_the_issuer(server: Server) -> None:
    api = orders(server)
    own = {"api": "keystead", "scopes": ["accounts:list"]}
    made = of(server, access(api, "orders:list"), own)
    assert scope(server, made, ("resource", issuer(server))) == "accounts:list"
    token = exchanged(server, made, {"resource": issuer(server)})
    assert server.call("GET", f"{V1}/accounts", token=token).status == 200
    assert server.call("GET", f"{V1}/accounts", token=exchanged(server, made)).status == 403


def test_a_token_for_another_api_opens_nothing_of_keysteads(server: Server) -> None:
    api = register(server, groups=catalogue(accounts="list"))
    token = exchanged(server, of(server, access(api, "accounts:list")))
    assert ok(whoami(server, token))["scopes"] == []
    assert server.call("GET", f"{V1}/accounts", token=token).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        "keystead",
        "{own}#part",
        "{own}/",
        "{other}",
        "{gone}",
        "/orders",
        "orders",
        "{own} {own}",
        "\0",
    ],
)
def test_a_resource_that_is_none_of_the_clients_is_refused(server: Server, wrong: str) -> None:
    api, other, gone = orders(server), orders(server), orders(server)
    made = of(server, access(api, "orders:list"), access(gone, "orders:list"))
    ok(server.call("DELETE", f"{V1}/apis/{gone['id']}"), 204)
    names = {"own": api["identifier"], "other": other["identifier"], "gone": gone["identifier"]}
    refused = ask(server, made, {"resource": wrong.format(**names)})
    assert error(refused) == (400, "invalid_target")
    both = [("resource", api["identifier"]), ("resource", wrong.format(**names))]
    assert error(ask(server, made, both)) == (400, "invalid_target")


def test_the_scope_is_read_before_the_resource_is_judged(server: Server) -> None:
    made = client(server, "accounts:list")
    refused = ask(server, made, {"scope": "a  b", "resource": "nonsense"})
    assert error(refused) == (400, "invalid_scope")
    refused = ask(server, made, {"scope": "not:held", "resource": "nonsense"})
    assert error(refused) == (400, "invalid_target")


def test_a_client_whose_api_is_gone_has_no_default(server: Server) -> None:
    api, left = orders(server), orders(server)
    made = of(server, access(api, "orders:list"), access(left, "orders:list"))
    ok(server.call("DELETE", f"{V1}/apis/{api['id']}"), 204)
    assert error(ask(server, made)) == (400, "invalid_target")
    assert scope(server, made, ("resource", left["identifier"])) == "orders:list"


def test_refusals_are_entered_under_the_clients_name(server: Server) -> None:
    made = client(server, "accounts:list")
    for pairs, code in (
        ([("scope", "audit:read")], "invalid_scope"),
        ([("resource", "https://nowhere.example")], "invalid_target"),
    ):
        answer = ask(server, made, pairs)
        found = ok(server.call("GET", f"{V1}/audit/events?decision=refused"))["items"]
        request_id = answer.headers["keystead-request-id"]
        (entry,) = [each for each in found if each["request_id"] == request_id]
        assert (entry["verb"], entry["code"]) == ("oauth.issue", code)
        assert entry["actor"]["credential_id"] == made.record["id"]


def test_a_token_lives_as_long_as_its_api_says_and_no_longer_than_its_client(
    clocked: Clocked,
) -> None:
    brief, long = orders(clocked, token_seconds=60), orders(clocked, token_seconds=7200)
    made = of(clocked, access(brief, "orders:list"), access(long, "orders:list"))

    def expires_in(by: Client, *apis: dict[str, Any]) -> int:
        pairs = [("resource", api["identifier"]) for api in apis]
        return int(ok(ask(clocked, by, pairs))["expires_in"])

    assert expires_in(made) == 60
    assert expires_in(made, long) == 7200
    assert expires_in(made, long, brief) == 60
    ends = client(
        clocked,
        access=[access(long, "orders:list")],
        expires_at=clocked.after(seconds=90, microseconds=999_999),
    )
    assert expires_in(ends) == 90, "whole seconds, and never too many"


def test_an_end_is_exclusive(clocked: Clocked) -> None:
    made = client(clocked, "accounts:list")
    token = exchanged(clocked, made)
    end = clocked.after(seconds=3600)
    clocked.set(end, microseconds=-1)
    answer = whoami(clocked, token)
    assert (answer.status, answer.headers["keystead-credential-expires"]) == (200, end)
    clocked.set(end)
    assert whoami(clocked, token).code == "credential_expired"
