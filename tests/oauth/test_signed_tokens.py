"""Access tokens that are JWTs: what they say, and that they are revoked all the same (RFC 9068)."""

from __future__ import annotations

import json
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.doors.cast import V1, ok
from tests.doors.registering import access, catalogue, register
from tests.oauth.asking import Client, another, ask, client, error, exchanged, key, post, whoami

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clocked import Clocked
    from tests.running import Served, Server

JWKS = "/.well-known/jwks.json"
INACTIVE = {"active": False}


def signed_api(server: Served, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    groups = catalogue(orders="list read create", bills="read write")
    return register(server, **{"token_format": "jwt", "groups": groups, **more})


def introspected(server: Served, token: str, by: Client | None = None) -> dict[str, Any]:
    asker = by or client(server, "tokens:verify")
    answer = post(server, "/oauth/introspect", {"token": token}, authorization=asker.basic)
    return dict(ok(answer))


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, without any check."""
    head, claims, _ = token.split(".")
    return _read(head), _read(claims)


def _read(segment: str) -> dict[str, Any]:
    return dict(json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


def _written(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_it_says_what_rfc_9068_names_and_nothing_else(clocked: Clocked) -> None:
    api = signed_api(clocked, token_seconds=600)
    made = client(clocked, access=[access(api, "orders:list", bills="read")])
    answer = ok(ask(clocked, made))
    now = int(clocked.clock.now() // 1_000_000)
    header, claims = parts(answer["access_token"])
    assert set(header) == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert claims == {
        "iss": clocked.url,
        "exp": now + 600,
        "aud": api["identifier"],
        "sub": made.id,
        "client_id": made.id,
        "iat": now,
        "jti": claims["jti"],
        "scope": "bills:read orders:list",
    }
    assert (answer["expires_in"], answer["scope"]) == (600, "bills:read orders:list")


# RFC 9864 gives it another name, which APIs that check tokens do not know yet.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_it_is_checked_offline_with_the_published_keys(server: Server, algorithm: str) -> None:
    api = signed_api(server, algorithm=algorithm)
    token = exchanged(server, client(server, access=[access(api, "orders:list")]))
    answer = server.call("GET", JWKS, token=None)
    keys = KeySet.import_key_set(ok(answer))
    decoded = jwt.decode(token, keys, algorithms=[algorithm])
    assert decoded.header["alg"] == algorithm
    assert decoded.claims["aud"] == api["identifier"]
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=300"
    published = {each["kid"]: each for each in answer.json()["keys"]}
    assert not {"d", "p", "q", "dp", "dq", "qi"} & set(published[decoded.header["kid"]])


def test_it_is_told_like_an_opaque_one(clocked: Clocked) -> None:
    api = signed_api(clocked)
    made = client(clocked, access=[access(api, "orders:list")])
    token = exchanged(clocked, made)
    _, claims = parts(token)
    found = introspected(clocked, token)
    assert found["active"]
    same = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope")
    assert {name: found[name] for name in same} == {name: claims[name] for name in same}
    assert found["keystead_kind"] == "access_token"


def test_it_is_really_revoked_in_every_process(workers: Server) -> None:
    api = signed_api(workers)
    made = client(workers, access=[access(api, "orders:list")])
    token, other = exchanged(workers, made), exchanged(workers, made)
    by = client(workers, "tokens:verify")
    assert all(introspected(workers, token, by)["active"] for _ in range(8))
    revoked = post(workers, "/oauth/revoke", {"token": token}, authorization=made.basic)
    assert (revoked.status, revoked.body) == (200, b"")
    assert all(introspected(workers, token, by) == INACTIVE for _ in range(8))
    assert {whoami(workers, token).code for _ in range(8)} == {"credential_revoked"}
    assert introspected(workers, other, by)["active"]


@pytest.mark.parametrize("act", ["revoke", "disable", "delete", "narrow"])
def test_what_happens_to_its_client_happens_to_it(workers: Server, act: str) -> None:
    api = signed_api(workers)
    made = client(workers, access=[access(api, "orders:list", "orders:read")])
    token = exchanged(workers, made)
    by = client(workers, "tokens:verify")
    assert all(introspected(workers, token, by)["active"] for _ in range(8))
    match act:
        case "delete":
            ok(workers.call("DELETE", made.path), 204)
        case "narrow":
            narrower = {"access": [access(api, "orders:list")]}
            ok(workers.call("PATCH", made.path, narrower))
        case _:
            ok(workers.call("POST", f"{made.path}/{act}"))
    found = [introspected(workers, token, by) for _ in range(8)]
    if act == "narrow":
        assert {each["scope"] for each in found} == {"orders:list"}
    else:
        assert all(each == INACTIVE for each in found)


def test_it_ends_by_itself(clocked: Clocked) -> None:
    api = signed_api(clocked, token_seconds=60)
    token = exchanged(clocked, client(clocked, access=[access(api, "orders:list")]))
    by = client(clocked, "tokens:verify")
    end = clocked.after(seconds=60)
    clocked.set(end, microseconds=-1)
    assert introspected(clocked, token, by)["active"]
    clocked.set(end)
    assert introspected(clocked, token, by) == INACTIVE


def test_it_never_outlives_its_client(clocked: Clocked) -> None:
    api = signed_api(clocked)
    end = clocked.after(seconds=90, microseconds=999_999)
    made = client(clocked, access=[access(api, "orders:list")], expires_at=end)
    now = clocked.clock.now()
    _, claims = parts(exchanged(clocked, made))
    assert claims["exp"] * 1_000_000 <= now + 90_999_999 < (claims["exp"] + 1) * 1_000_000


def test_a_key_is_given_one_too(server: Server) -> None:
    api = signed_api(server)
    made = key(server, access=[access(api, "orders:list")])
    _, claims = parts(exchanged(server, made))
    assert claims["sub"] == claims["client_id"] == made.id


def test_it_opens_nothing_of_keysteads(server: Server) -> None:
    api = signed_api(server, groups=catalogue(accounts="list"))
    own = {"api": "keystead", "scopes": ["accounts:list"]}
    made = client(server, access=[access(api, "accounts:list"), own])
    token = exchanged(server, made)
    assert ok(whoami(server, token))["scopes"] == []
    assert server.call("GET", f"{V1}/accounts", token=token).status == 403


def test_what_was_changed_by_a_bit_or_made_up_is_nobodys(server: Server) -> None:
    api = signed_api(server)
    made = client(server, access=[access(api, "orders:list", "orders:read")])
    token = exchanged(server, made, {"scope": "orders:list"})
    header, claims = parts(token)
    head, body, signature = token.split(".")
    wider = _written({**claims, "scope": "orders:list orders:read"})
    forged = {
        "wider": f"{head}.{wider}.{signature}",
        "another key": f"{_written({**header, 'kid': 'x'})}.{body}.{signature}",
        "none": f"{_written({**header, 'alg': 'none'})}.{body}.{signature}",
        "jku": f"{_written({**header, 'jku': 'https://evil.example'})}.{body}.{signature}",
        "signature": f"{head}.{body}.{'A' * len(signature)}",
        "doubled": f"{token}.{signature}",
        "padded": f"{token}=",
        "blank": f"{token} ",
        "no signature": f"{head}.{body}.",
    }
    for name, text in forged.items():
        assert introspected(server, text) == INACTIVE, name
        # White space around a header's value is no part of it.
        if name != "blank":
            assert whoami(server, text).code == "invalid_credential", name
    assert introspected(server, token)["active"]


def test_a_client_bound_to_networks_is_given_none_unless_the_api_accepts_it(server: Server) -> None:
    refusing, accepting = signed_api(server), signed_api(server, offline_networks="accepted")
    given = [access(refusing, "orders:list"), access(accepting, "orders:list")]
    made = client(server, access=given, networks=["127.0.0.0/8"])
    refused = ask(server, made)
    assert error(refused) == (400, "invalid_target")
    assert "offline_networks" in refused.json()["error_description"]
    token = exchanged(server, made, {"resource": accepting["identifier"]})
    both = [("resource", api["identifier"]) for api in (refusing, accepting)]
    assert error(ask(server, made, both)) == (400, "invalid_target")
    # Asked about here it is held to them all the same.
    by = client(server, "tokens:verify", "tokens:assert-ip")
    assert introspected(server, token, by) == INACTIVE
    for address, active in (("127.0.0.9", True), ("192.0.2.1", False)):
        form = {"token": token, "client_ip": address}
        found = ok(post(server, "/oauth/introspect", form, authorization=by.basic))
        assert found["active"] is active


def test_several_apis_are_its_audience_if_all_of_them_take_it(server: Server) -> None:
    first, opaque = signed_api(server), register(server)
    second = signed_api(server, groups=catalogue(scan="read"))
    given = [access(first, "orders:list"), access(second, "scan:read"), access(opaque, "scan:read")]
    made = client(server, access=given)

    def asked(*apis: dict[str, Any]) -> str:
        return exchanged(server, made, [("resource", api["identifier"]) for api in apis])

    _, claims = parts(asked(first, second))
    assert claims["aud"] == [first["identifier"], second["identifier"]]
    assert claims["scope"] == "orders:list scan:read"
    assert asked(first, opaque).startswith("ksa_"), "one that takes no JWT could not read it"


def test_scopes_that_would_say_too_much_to_one_of_them_are_asked_for_one_by_one(
    server: Server,
) -> None:
    first, second = signed_api(server), signed_api(server)
    given = [access(first, "orders:list", "bills:read"), access(second, "orders:list")]
    made = client(server, access=given)
    both = [("resource", api["identifier"]) for api in (first, second)]
    refused = ask(server, made, both)
    assert error(refused) == (400, "invalid_scope"), "bills:read is not held on the second one"
    _, claims = parts(exchanged(server, made, [*both, ("scope", "orders:list")]))
    assert claims["scope"] == "orders:list"


def test_two_installations_refuse_each_others(server: Server, tmp_path: Path) -> None:
    with another(tmp_path / "data") as other:
        identifier = server.unique("https://twins.example/").replace(" ", "-")
        apis = [signed_api(each, identifier=identifier) for each in (server, other)]
        made = client(other, access=[access(apis[1], "orders:list")])
        token = exchanged(other, made)
        assert introspected(other, token)["active"]
        assert introspected(server, token) == INACTIVE
        assert whoami(server, token).code == "invalid_credential"
        kids = {each["kid"] for each in ok(server.call("GET", JWKS, token=None))["keys"]}
        assert parts(token)[0]["kid"] not in kids


def test_a_digest_that_was_moved_to_another_row_opens_nothing(clocked: Clocked) -> None:
    api = signed_api(clocked)
    mine = exchanged(clocked, client(clocked, access=[access(api, "orders:list")]))
    others = exchanged(clocked, client(clocked, "accounts:list"))
    with closing(sqlite3.connect(clocked.data / "keystead.db")) as base, base:
        (digest, id_), *_ = base.execute(
            "SELECT digest, id FROM access_tokens WHERE id = ?", (f"cred_{parts(mine)[1]['jti']}",)
        )
        base.execute("UPDATE access_tokens SET digest = x'00' WHERE id = ?", (id_,))
        moved = base.execute(
            "UPDATE access_tokens SET digest = ? WHERE id = ?", (digest, f"cred_{others[4:16]}")
        )
        assert moved.rowcount == 1
    assert whoami(clocked, mine).code == "invalid_credential"


def test_one_in_a_url_is_told_to_be_revoked(clocked: Clocked) -> None:
    token = exchanged(clocked, client(clocked, access=[access(signed_api(clocked), "orders:list")]))
    for path in (f"{V1}/whoami?jwt={token}", f"{V1}/{token}"):
        assert clocked.call("GET", path, token=None).code == "token_in_query"
    entries = ok(clocked.call("GET", f"{V1}/audit/events?page_size=200"))["items"]
    assert token.split(".")[2] not in json.dumps(entries)


def test_what_says_more_than_is_recognised_is_not_signed(server: Server) -> None:
    resources = {f"resource-of-a-long-name-{n:02d}": "list read create edit" for n in range(60)}
    api = register(server, token_format="jwt", groups=catalogue(**resources))
    levels = dict.fromkeys(resources, "write")
    made = client(server, access=[access(api, **levels)])
    assert error(ask(server, made)) == (400, "invalid_scope")
    few = " ".join(f"{name}:list" for name in resources)
    token = ok(ask(server, made, [("scope", few)]))["access_token"]
    assert introspected(server, token, client(server, "tokens:verify"))["active"]
    assert post(server, "/oauth/revoke", {"token": token}, authorization=made.basic).status == 200
    assert introspected(server, token) == INACTIVE
