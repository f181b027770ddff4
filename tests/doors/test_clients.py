"""OAuth clients: made like a token, with a secret, or with the public keys that they sign by."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.doors.cast import ok, problem
from tests.doors.tokens import CREDENTIALS, WHOAMI, create, lives, record_of, wrong
from tests.running import Server

PRIVATE: Final = ec.generate_private_key(ec.SECP256R1())


def jwk(kid: str, **more: object) -> dict[str, Any]:
    """Return a public key of an own sort."""
    at = PRIVATE.public_key().public_numbers()
    x, y = (base64.urlsafe_b64encode(n.to_bytes(32)).rstrip(b"=").decode() for n in (at.x, at.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256", "kid": kid, **more}


def client(server: Server, **more: object) -> dict[str, Any]:
    """Make a client; return the whole answer."""
    wanted: dict[str, object] = {"kind": "oauth_client", "name": server.unique("client"), **more}
    return dict(ok(create(server, **wanted), 201))


def test_a17_a_client_has_a_public_id_and_a_secret_shown_once(server: Server) -> None:
    made = client(server)
    record = made["credential"]
    assert record["public_id"] == f"ksc_{record['id'].removeprefix('cred_')}"
    assert made["secret"].startswith(record["public_id"])
    assert (record["kind"], record["type"], record["public_jwks"]) == (
        "oauth_client",
        "static",
        None,
    )
    assert record_of(server, record["id"]) == record
    with closing(sqlite3.connect(f"file:{server.data}/keystead.db?mode=ro", uri=True)) as database:
        assert made["secret"] not in "\n".join(database.iterdump())


def test_a_clients_secret_is_good_for_nothing_here(server: Server) -> None:
    made = client(server)
    refused = server.call("GET", WHOAMI, token=made["secret"])
    assert problem(refused) == (403, "insufficient_scope")
    assert "kind" in refused.json()["detail"]
    folders = server.call("GET", "/api/v1/folders", token=made["secret"])
    assert problem(folders) == (403, "insufficient_scope")


def test_k3_a_client_with_keys_has_no_secret(server: Server) -> None:
    keys = {"keys": [jwk("old", use="sig"), jwk("new", ext=True)]}
    made = client(server, public_jwks=keys)
    assert "secret" not in made
    record = made["credential"]
    assert record["secrets"] == []
    assert record["public_jwks"] == {"keys": [jwk("old"), jwk("new")]}
    assert record_of(server, record["id"]) == record


def test_a_private_key_sent_by_mistake_is_refused_and_not_repeated(server: Server) -> None:
    private = base64.urlsafe_b64encode(b"a number that nobody may see").decode()
    for path, body in (
        (CREDENTIALS, {"kind": "oauth_client", "name": "x", "expires_at": None,
                       "scopes": ["folders:list"]}),
        (f"{CREDENTIALS}/{client(server)['credential']['id']}/rotate", {}),
    ):  # fmt: skip
        refused = server.call(
            "POST", path, {**body, "public_jwks": {"keys": [jwk("k", d=private)]}}
        )
        assert "private key" in wrong(refused)["public_jwks.keys[0]"]
        assert private not in refused.body.decode()
        assert private not in server.log.read_text()


@pytest.mark.parametrize("kind", ["api_token", "api_key"])
def test_only_a_client_registers_keys(server: Server, kind: str) -> None:
    keys = {"keys": [jwk("k")]}
    assert set(wrong(create(server, kind=kind, public_jwks=keys))) == {"public_jwks"}
    record = ok(create(server, kind=kind), 201)["credential"]
    path = f"{CREDENTIALS}/{record['id']}"
    assert set(wrong(server.call("POST", f"{path}/rotate", {"public_jwks": keys}))) == {
        "public_jwks"
    }
    assert set(wrong(server.call("PATCH", path, {"public_jwks": keys}))) == {"public_jwks"}


def test_wrong_keys_are_named_beside_all_else_that_is_wrong(server: Server) -> None:
    refused = create(
        server, kind="oauth_client", name="", public_jwks={"keys": [jwk("a b"), 7]}, networks=7
    )
    assert set(wrong(refused)) == {
        "name", "networks", "public_jwks.keys[0].kid", "public_jwks.keys[1]",
    }  # fmt: skip
    assert set(wrong(create(server, kind="oauth_client", public_jwks=[]))) == {"public_jwks"}


def test_k9_keys_are_exchanged_as_a_whole(server: Server) -> None:
    record = client(server, public_jwks={"keys": [jwk("old")]})["credential"]
    path = f"{CREDENTIALS}/{record['id']}/rotate"
    rotated = ok(server.call("POST", path, {"public_jwks": {"keys": [jwk("old"), jwk("new")]}}))
    assert "secret" not in rotated
    kids = [key["kid"] for key in rotated["credential"]["public_jwks"]["keys"]]
    assert kids == ["old", "new"]
    assert rotated["credential"]["modified_at"] > record["modified_at"]
    assert set(wrong(server.call("POST", path))) == {"public_jwks"}
    assert set(wrong(server.call("POST", path, {"public_key": jwk("new")}))) == {"public_key"}
    inert = {"public_jwks": {"keys": [jwk("new")]}, "overlap_seconds": 60}
    assert set(wrong(server.call("POST", path, inert))) == {"overlap_seconds"}
    inert = {"public_jwks": {"keys": [jwk("new")]}, "revoke_after_first_use": True}
    assert "revoke_after_first_use" in wrong(server.call("POST", path, inert))


def test_a_client_goes_over_from_a_secret_to_keys(server: Server) -> None:
    made = client(server)
    path = f"{CREDENTIALS}/{made['credential']['id']}/rotate"
    rotated = ok(
        server.call("POST", path, {"public_jwks": {"keys": [jwk("k")]}, "overlap_seconds": 60})
    )
    (old,) = rotated["credential"]["secrets"]
    assert old["state"] == "retiring"
    assert problem(server.call("GET", WHOAMI, token=made["secret"])) == (403, "insufficient_scope")
    again = ok(server.call("POST", path, {"public_jwks": {"keys": [jwk("k")]}}))
    assert [secret["state"] for secret in again["credential"]["secrets"]] == ["retired"]
    refused = server.call("GET", WHOAMI, token=made["secret"])
    assert problem(refused) == (401, "credential_revoked")


def test_a16_a_client_is_edited_disabled_revoked_and_deleted_like_a_token(server: Server) -> None:
    made = client(server, public_jwks={"keys": [jwk("k")]}, expires_at="2099-01-01T00:00:00Z")
    path = f"{CREDENTIALS}/{made['credential']['id']}"
    edited = ok(server.call("PATCH", path, {"networks": ["127.0.0.1"], "expires_at": None}))
    assert (edited["expires_at"], edited["public_jwks"]) == (None, {"keys": [jwk("k")]})
    for act, state in (("disable", "disabled"), ("enable", "active"), ("revoke", "revoked")):
        assert ok(server.call("POST", f"{path}/{act}"))["state"] == state
    keys = {"public_jwks": {"keys": [jwk("k")]}}
    assert problem(server.call("POST", f"{path}/rotate", keys)) == (409, "wrong_state")
    ok(server.call("DELETE", path), 204)
    assert problem(server.call("GET", path)) == (404, "not_found")


def test_clients_are_listed_by_their_kind(server: Server) -> None:
    made = client(server)["credential"]
    token, key = (ok(create(server, kind=k), 201)["credential"] for k in ("api_token", "api_key"))
    found = ok(server.call("GET", f"{CREDENTIALS}?kind=oauth_client&page_size=200"))["items"]
    ids = {each["id"] for each in found}
    assert made["id"] in ids
    assert not {token["id"], key["id"]} & ids


def test_a_clients_secret_rotates_with_overlap(server: Server) -> None:
    made = client(server)
    path = f"{CREDENTIALS}/{made['credential']['id']}/rotate"
    new = ok(server.call("POST", path, {"overlap_seconds": 60}))["secret"]
    for secret in (made["secret"], new):
        assert problem(server.call("GET", WHOAMI, token=secret)) == (403, "insufficient_scope")
    assert lives(server, made["secret"], new) == [False, False]
