"""The same requests to Keystead and to a provider that others wrote; each difference is one that is meant."""

from __future__ import annotations

from base64 import b64encode
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote_plus, urlencode

import pytest

from keystead.core.clock import SystemClock
from tests.assertions import ClientPair, client_pair, set_of
from tests.doors.cast import V1, ok
from tests.doors.registering import catalogue, register
from tests.oauth.asking import FORM
from tests.oauth.oracle import (
    CASES,
    DEVIATIONS,
    INTROSPECTION,
    RESOURCE,
    REVOCATION,
    SIGNED,
    TOKEN,
    Case,
    Own,
    Seen,
    seen,
)
from tests.oauth.provider import provider
from tests.oauth.signing import TYPE
from tests.running import Server, send

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIR: Final = client_pair("ES256", "oracle")
SHOWN: Final = {
    "{token}": {"scope": "orders:read"},
    "{wide}": {"scope": "orders:read orders:write"},
    "{jwt}": {"scope": "orders:read", "resource": SIGNED},
}
"""What each token of a case's body was asked for with."""
_NUMBERS = count()


class Peer(NamedTuple):
    """One of the two: its address, its issuer, its paths, and a client of it by each way to authenticate."""

    url: str
    issuer: str
    paths: dict[str, str]
    basic: tuple[str, str]
    post: tuple[str, str]
    signed: str


@pytest.fixture(scope="module")
def other() -> Iterator[Peer]:
    with provider(set_of(PAIR)) as url:
        paths = {
            TOKEN: "/token",
            INTROSPECTION: "/token/introspection",
            REVOCATION: "/token/revocation",
        }
        basic, post = ("by-basic", "a-secret"), ("by-post", "a-secret")
        yield Peer(url, "http://127.0.0.1", paths, basic, post, "by-assertion")


@pytest.fixture(scope="module")
def ours(server: Server) -> Peer:
    groups = catalogue(orders="read write")
    register(server, identifier=RESOURCE, groups=groups)
    register(server, identifier=SIGNED, groups=groups, token_format="jwt")
    access = [
        *({"api": api, "scopes": ["orders:read", "orders:write"]} for api in (RESOURCE, SIGNED)),
        {"api": "keystead", "scopes": ["tokens:verify"]},
    ]

    def client(**more: object) -> tuple[str, str]:
        body = {
            "kind": "oauth_client",
            "name": server.unique("client"),
            "expires_at": None,
            "access": access,
            **more,
        }
        made = ok(server.call("POST", f"{V1}/credentials", body), 201)
        return made["credential"]["public_id"], made.get("secret", "")

    paths = {
        TOKEN: "/oauth/token",
        INTROSPECTION: "/oauth/introspect",
        REVOCATION: "/oauth/revoke",
    }
    signed, _ = client(public_jwks=set_of(PAIR))
    return Peer(server.url, server.url, paths, client(), client(), signed)


def basic(identity: str, secret: str) -> str:
    return "Basic " + b64encode(f"{identity}:{secret}".encode()).decode()


def assertion(peer: Peer, pair: ClientPair) -> str:
    claims = {
        "iss": peer.signed, "sub": peer.signed, "aud": peer.issuer, "jti": f"{next(_NUMBERS)}",
        "exp": int(SystemClock().now() // 1_000_000) + 60,
    }  # fmt: skip
    return pair.assertion(claims, {"alg": "ES256", "kid": PAIR.kid}).reveal()


def asked(peer: Peer, case: Case) -> Seen:
    identity, secret = peer.post if case.by == "post" else peer.basic
    headers = {"Content-Type": FORM, **case.headers}
    body = case.body
    match case.by:
        case "basic":
            headers["Authorization"] = basic(identity, secret)
        case "wrong":
            headers["Authorization"] = basic(identity, "wrong")
        case "unknown":
            headers["Authorization"] = basic("nobody", "wrong")
        case "signed" | "forged":
            pair = PAIR if case.by == "signed" else client_pair("ES256", "forger")
            body += f"&client_assertion={assertion(peer, pair)}"
            if "client_assertion_type" not in body:
                body += f"&client_assertion_type={quote_plus(TYPE)}"
        case _:
            pass
    for name, more in SHOWN.items():
        if name in body:
            form = urlencode({"grant_type": "client_credentials", **more}).encode()
            sent = {"Content-Type": FORM, "Authorization": basic(*peer.basic)}
            issued = send(peer.url, "POST", peer.paths[TOKEN], form, sent)
            body = body.replace(name, issued.json()["access_token"])
    body = body.replace("{id}", identity).replace("{secret}", secret)
    path = peer.paths[case.endpoint] + case.query
    own = Own(peer.basic[0], peer.issuer, int(SystemClock().now() // 1_000_000))
    return seen(send(peer.url, case.method, path, body.encode() or None, headers), own)


def members(told: frozenset[str]) -> set[str]:
    return {each.partition(":")[0] for each in told}


@pytest.mark.parametrize("name", CASES)
def test_both_answer_alike_but_for_what_is_meant(ours: Peer, other: Peer, name: str) -> None:
    one, another = asked(ours, CASES[name]), asked(other, CASES[name])
    differing: dict[str, object] = {
        field: mine
        for field, mine, theirs in zip(Seen._fields, one, another, strict=True)
        if mine != theirs
    }
    if "told" in differing:
        differing["told"] = one.told - another.told
        assert members(another.told) <= members(one.told), "it tells nothing that ours does not"
    assert differing == (DEVIATIONS[name].ours if name in DEVIATIONS else {})


def test_every_deviation_is_one_of_a_case() -> None:
    assert set(DEVIATIONS) <= set(CASES)


def test_what_ours_tells_of_its_own_alone_is_there(ours: Peer) -> None:
    form = urlencode({"grant_type": "client_credentials", **SHOWN["{token}"]}).encode()
    sent = {"Content-Type": FORM, "Authorization": basic(*ours.basic)}
    token = send(ours.url, "POST", ours.paths[TOKEN], form, sent).json()["access_token"]
    asked_about = urlencode({"token": token}).encode()
    told = ok(send(ours.url, "POST", ours.paths[INTROSPECTION], asked_about, sent))
    assert told["jti"] == token[4:16]
    assert told["keystead_owner"].startswith("own_")
