"""The same requests to Keystead and to a provider that others wrote: where they differ, the reason is here.

Compared is what a client acts upon: the status, the error, the scheme that is challenged for, the names of
what is answered, and that nothing may be stored.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote_plus, urlencode

import pytest

from tests.doors.cast import V1, ok
from tests.oauth.provider import provider
from tests.running import Answer, Server, send

if TYPE_CHECKING:
    from collections.abc import Iterator

RESOURCE: Final = "https://orders.example/api"
GRANT: Final = "grant_type=client_credentials"
TOKEN, INTROSPECTION, REVOCATION = "token", "introspection", "revocation"


class Peer(NamedTuple):
    """One of the two: its address, its paths, and a client of it by each way to authenticate."""

    url: str
    paths: dict[str, str]
    basic: tuple[str, str]
    post: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """One request; in its body `{id}`, `{secret}` and `{token}` stand for the client's own.

    Attributes:
        by: `basic`, `wrong`, `unknown` for the header; `post` for the body; None for no client at all.
        body: a form, as it is sent.
    """

    endpoint: str
    by: str | None
    body: str
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""


CASES: Final[dict[str, Case]] = {
    "issue": Case(TOKEN, "basic", GRANT),
    "issue-a-scope": Case(TOKEN, "basic", f"{GRANT}&scope=orders:read"),
    "issue-two-scopes": Case(TOKEN, "basic", f"{GRANT}&scope=orders:read+orders:write"),
    "issue-empty-scope": Case(TOKEN, "basic", f"{GRANT}&scope="),
    "issue-for-a-resource": Case(TOKEN, "basic", f"{GRANT}&resource={quote_plus(RESOURCE)}"),
    "issue-by-post": Case(TOKEN, "post", f"{GRANT}&client_id={{id}}&client_secret={{secret}}"),
    "issue-unknown-parameter": Case(TOKEN, "basic", f"{GRANT}&frob=1"),
    "unknown-scope": Case(TOKEN, "basic", f"{GRANT}&scope=orders:delete"),
    "malformed-scope": Case(TOKEN, "basic", f"{GRANT}&scope=%22"),
    "unknown-resource": Case(TOKEN, "basic", f"{GRANT}&resource=https://other.example"),
    "relative-resource": Case(TOKEN, "basic", f"{GRANT}&resource=orders"),
    "resource-with-fragment": Case(TOKEN, "basic", f"{GRANT}&resource={quote_plus(RESOURCE)}%23a"),
    "no-grant": Case(TOKEN, "basic", "scope=orders:read"),
    "empty-grant": Case(TOKEN, "basic", "grant_type="),
    "unknown-grant": Case(TOKEN, "basic", "grant_type=telepathy"),
    "password-grant": Case(TOKEN, "basic", "grant_type=password&username=a&password=b"),
    "code-grant": Case(TOKEN, "basic", "grant_type=authorization_code&code=x"),
    "refresh-grant": Case(TOKEN, "basic", "grant_type=refresh_token&refresh_token=x"),
    "grant-twice": Case(TOKEN, "basic", f"{GRANT}&{GRANT}"),
    "scope-twice": Case(TOKEN, "basic", f"{GRANT}&scope=orders:read&scope=orders:write"),
    "wrong-secret": Case(TOKEN, "wrong", GRANT),
    "unknown-client": Case(TOKEN, "unknown", GRANT),
    "wrong-secret-by-post": Case(TOKEN, "post", f"{GRANT}&client_id={{id}}&client_secret=wrong"),
    "no-client": Case(TOKEN, None, GRANT),
    "client-id-alone": Case(TOKEN, "post", f"{GRANT}&client_id={{id}}"),
    "two-ways": Case(TOKEN, "basic", f"{GRANT}&client_id={{id}}&client_secret={{secret}}"),
    "another-client-id": Case(TOKEN, "basic", f"{GRANT}&client_id=another"),
    "bad-base64": Case(TOKEN, None, GRANT, headers={"Authorization": "Basic %%%"}),
    "no-colon": Case(TOKEN, None, GRANT, headers={"Authorization": "Basic YWJj"}),
    "json-body": Case(TOKEN, "basic", "{}", headers={"Content-Type": "application/json"}),
    "get": Case(TOKEN, "basic", "", method="GET"),
    "in-the-url": Case(TOKEN, "basic", "", query=f"?{GRANT}"),
    "introspect": Case(INTROSPECTION, "basic", "token={token}"),
    "introspect-with-a-hint": Case(INTROSPECTION, "basic", "token={token}&token_type_hint=access_token"),
    "introspect-with-a-wrong-hint": Case(
        INTROSPECTION, "basic", "token={token}&token_type_hint=refresh_token"
    ),
    "introspect-unknown-hint": Case(INTROSPECTION, "basic", "token={token}&token_type_hint=frob"),
    "introspect-nonsense": Case(INTROSPECTION, "basic", "token=nonsense"),
    "introspect-nothing": Case(INTROSPECTION, "basic", ""),
    "introspect-twice": Case(INTROSPECTION, "basic", "token=a&token=b"),
    "introspect-by-a-stranger": Case(INTROSPECTION, None, "token={token}"),
    "introspect-by-a-liar": Case(INTROSPECTION, "wrong", "token={token}"),
    "introspect-by-get": Case(INTROSPECTION, "basic", "", method="GET"),
    "revoke": Case(REVOCATION, "basic", "token={token}"),
    "revoke-with-a-wrong-hint": Case(REVOCATION, "basic", "token={token}&token_type_hint=refresh_token"),
    "revoke-nonsense": Case(REVOCATION, "basic", "token=nonsense"),
    "revoke-nothing": Case(REVOCATION, "basic", ""),
    "revoke-by-a-stranger": Case(REVOCATION, None, "token={token}"),
    "revoke-by-a-liar": Case(REVOCATION, "wrong", "token={token}"),
}  # fmt: skip


class Seen(NamedTuple):
    """What a client acts upon."""

    status: int
    error: str
    challenge: str
    names: frozenset[str]
    stored: bool


def seen(answer: Answer) -> Seen:
    found: dict[str, Any] = {}
    if answer.body and "json" in answer.headers.get("content-type", ""):
        found = answer.json()
    names: set[str] = {
        name for name in ("access_token", "token_type", "expires_in", "scope") if name in found
    }
    if "active" in found:
        names.add(f"active: {found['active']}")
    return Seen(
        answer.status,
        str(found.get("error", "")),
        answer.headers.get("www-authenticate", "").partition(" ")[0],
        frozenset(names),
        "no-store" not in answer.headers.get("cache-control", ""),
    )


_ALL: Final = "without a scope we grant all that the client holds; it grants none"
_STRICT: Final = (
    "a scope that the client does not hold is invalid_scope here; it leaves it out unsaid"
)
_BASIC: Final = (
    "every 401 of ours challenges (RFC 9110 §15.5.2); it does so only for who came by a header"
)
_NOBODY: Final = (
    "who proves nothing is invalid_client here (RFC 6749 §5.2); it calls that invalid_request"
)
_METHOD: Final = "we answer 405 with Allow; it has no route of another method"
_STORE: Final = "nothing of ours is stored, success of a revocation neither"

DEVIATIONS: Final[dict[str, str]] = {
    "issue": _ALL,
    "issue-empty-scope": _ALL,
    "issue-for-a-resource": _ALL,
    "issue-by-post": _ALL,
    "issue-unknown-parameter": _ALL,
    "unknown-scope": _STRICT,
    "unknown-resource": "its own hook for resources fails for one that is not there",
    "code-grant": "of a grant that we do not have we say so; it looks at the grant's parameters first",
    "wrong-secret-by-post": _BASIC,
    "no-client": _NOBODY,
    "client-id-alone": _BASIC,
    "get": _METHOD,
    "introspect": _ALL,
    "introspect-with-a-hint": _ALL,
    "introspect-with-a-wrong-hint": _ALL,
    "introspect-unknown-hint": _ALL,
    "introspect-by-a-stranger": _NOBODY,
    "introspect-by-get": _METHOD,
    "revoke": _STORE,
    "revoke-with-a-wrong-hint": _STORE,
    "revoke-nonsense": _STORE,
    "revoke-nothing": _STORE,
    "revoke-by-a-stranger": _NOBODY,
    "revoke-by-a-liar": _STORE,
}
"""Each case in which the two differ, with the reason; one that no longer differs fails the test."""


@pytest.fixture(scope="module")
def other() -> Iterator[Peer]:
    with provider() as url:
        paths = {
            TOKEN: "/token",
            INTROSPECTION: "/token/introspection",
            REVOCATION: "/token/revocation",
        }
        yield Peer(url, paths, ("by-basic", "a-secret"), ("by-post", "a-secret"))


@pytest.fixture(scope="module")
def ours(server: Server) -> Peer:
    actions = [{"key": "read"}, {"key": "write"}]
    wanted = {
        "identifier": RESOURCE,
        "name": server.unique("orders"),
        "groups": [{"key": "orders", "resources": [{"key": "orders", "actions": actions}]}],
    }
    ok(server.call("POST", f"{V1}/apis", wanted), 201)
    access = [
        {"api": RESOURCE, "scopes": ["orders:read", "orders:write"]},
        {"api": "keystead", "scopes": ["tokens:verify"]},
    ]

    def client() -> tuple[str, str]:
        body = {
            "kind": "oauth_client",
            "name": server.unique("client"),
            "expires_at": None,
            "access": access,
        }
        made = ok(server.call("POST", f"{V1}/credentials", body), 201)
        return made["credential"]["public_id"], made["secret"]

    paths = {
        TOKEN: "/oauth/token",
        INTROSPECTION: "/oauth/introspect",
        REVOCATION: "/oauth/revoke",
    }
    return Peer(server.url, paths, client(), client())


def basic(identity: str, secret: str) -> str:
    return "Basic " + b64encode(f"{identity}:{secret}".encode()).decode()


def asked(peer: Peer, case: Case) -> Seen:
    identity, secret = peer.post if case.by == "post" else peer.basic
    headers = {"Content-Type": "application/x-www-form-urlencoded", **case.headers}
    match case.by:
        case "basic":
            headers["Authorization"] = basic(identity, secret)
        case "wrong":
            headers["Authorization"] = basic(identity, "wrong")
        case "unknown":
            headers["Authorization"] = basic("nobody", "wrong")
        case _:
            pass
    body = case.body
    if "{token}" in body:
        form = urlencode({"grant_type": "client_credentials"}).encode()
        sent = {"Content-Type": headers["Content-Type"], "Authorization": basic(*peer.basic)}
        issued = send(peer.url, "POST", peer.paths[TOKEN], form, sent)
        body = body.replace("{token}", issued.json()["access_token"])
    body = body.replace("{id}", identity).replace("{secret}", secret)
    path = peer.paths[case.endpoint] + case.query
    return seen(send(peer.url, case.method, path, body.encode() or None, headers))


@pytest.mark.parametrize("name", CASES)
def test_both_answer_alike_or_the_reason_is_known(ours: Peer, other: Peer, name: str) -> None:
    one, another = asked(ours, CASES[name]), asked(other, CASES[name])
    if name in DEVIATIONS:
        assert one != another, "they agree by now: its reason goes"
    else:
        assert one == another
