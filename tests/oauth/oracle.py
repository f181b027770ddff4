"""What is asked of Keystead and of a provider that others wrote, what is compared, and where they differ.

Compared is what a client acts upon: the status, the error, the scheme that is challenged for, the names of
what is answered, and that nothing may be stored.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from tests.running import Answer

__all__ = [
    "CASES", "DEVIATIONS", "INTROSPECTION", "RESOURCE", "REVOCATION", "SIGNED", "TOKEN", "Case", "Deviation",
    "Seen", "seen",
]  # fmt: skip

RESOURCE: Final = "https://orders.example/api"
SIGNED: Final = "https://orders.example/signed"
"""The resource whose tokens are JWTs."""
GRANT: Final = "grant_type=client_credentials"
TOKEN, INTROSPECTION, REVOCATION = "token", "introspection", "revocation"


@dataclass(frozen=True, slots=True)
class Case:
    """One request; in its body `{id}`, `{secret}` and `{token}` stand for the client's own.

    Attributes:
        by: `basic`, `wrong`, `unknown` for the header; `post` for the body; `signed` for an assertion in
            it, `forged` for one of another key; None for no client at all.
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
    "issue-a-jwt": Case(TOKEN, "basic", f"{GRANT}&scope=orders:read&resource={quote_plus(SIGNED)}"),
    "issue-by-assertion": Case(TOKEN, "signed", f"{GRANT}&scope=orders:read"),
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
    "wrong-signature": Case(TOKEN, "forged", GRANT),
    "assertion-of-another-type": Case(TOKEN, "signed", f"{GRANT}&client_assertion_type=other"),
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
    "introspect-by-assertion": Case(INTROSPECTION, "signed", "token={token}"),
    "revoke-by-assertion": Case(REVOCATION, "signed", "token=nonsense"),
    "revoke-with-a-wrong-hint": Case(REVOCATION, "basic", "token={token}&token_type_hint=refresh_token"),
    "revoke-nonsense": Case(REVOCATION, "basic", "token=nonsense"),
    "revoke-nothing": Case(REVOCATION, "basic", ""),
    "revoke-by-a-stranger": Case(REVOCATION, None, "token={token}"),
    "revoke-by-a-liar": Case(REVOCATION, "wrong", "token={token}"),
}  # fmt: skip


class Seen(NamedTuple):
    """What a client acts upon.

    Attributes:
        names: of what is answered; of a token that is a JWT, its type and its claims too.
    """

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
    head, *rest = str(found.get("access_token", "")).split(".")
    if len(rest) == 2:
        names |= {f"typ: {_read(head)['typ']}", *(f"claim {name}" for name in _read(rest[0]))}
    return Seen(
        answer.status,
        str(found.get("error", "")),
        answer.headers.get("www-authenticate", "").partition(" ")[0],
        frozenset(names),
        "no-store" not in answer.headers.get("cache-control", ""),
    )


def _read(segment: str) -> dict[str, Any]:
    return dict(json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


class Deviation(NamedTuple):
    """A difference that is meant.

    Attributes:
        reason: why ours is another answer.
        ours: what of ours is another, by the names of `Seen`; all else is the same.
    """

    reason: str
    ours: dict[str, object]


_GIVEN: Final = frozenset({"access_token", "token_type", "expires_in", "scope"})
_ALL: Final = Deviation(
    "without a scope we grant all that the client holds, and say so; it grants none",
    {"names": _GIVEN},
)
_BASIC: Final = Deviation(
    "every 401 of ours challenges (RFC 9110 §15.5.2); it does so only for who came by a header",
    {"challenge": "Basic"},
)
_NOBODY: Final = Deviation(
    "who proves nothing is invalid_client here (RFC 6749 §5.2); it calls that invalid_request",
    {"status": 401, "error": "invalid_client", "challenge": "Basic"},
)
_METHOD: Final = Deviation(
    "we answer 405 with Allow; it has no route of another method",
    {"status": 405, "error": "invalid_request", "stored": False},
)
_STORE: Final = Deviation(
    "nothing of ours is stored, an answer about revocation neither", {"stored": False}
)

DEVIATIONS: Final[dict[str, Deviation]] = {
    "issue": _ALL,
    "issue-empty-scope": _ALL,
    "issue-for-a-resource": _ALL,
    "issue-by-post": _ALL,
    "issue-unknown-parameter": _ALL,
    "unknown-scope": Deviation(
        "a scope that the client does not hold is invalid_scope here; it leaves it out unsaid",
        {"status": 400, "error": "invalid_scope", "names": frozenset()},
    ),
    "code-grant": Deviation(
        "of a grant that we do not have we say so; it looks at the grant's parameters first",
        {"error": "unsupported_grant_type"},
    ),
    "wrong-secret-by-post": _BASIC,
    "wrong-signature": _BASIC,
    "no-client": _NOBODY,
    "client-id-alone": _BASIC,
    "get": _METHOD,
    "introspect-by-a-stranger": _NOBODY,
    "introspect-by-get": _METHOD,
    "revoke": _STORE,
    "revoke-by-assertion": _STORE,
    "revoke-with-a-wrong-hint": _STORE,
    "revoke-nonsense": _STORE,
    "revoke-nothing": _STORE,
    "revoke-by-a-stranger": Deviation(_NOBODY.reason, {**_NOBODY.ours, "stored": False}),
    "revoke-by-a-liar": _STORE,
}
"""Each case in which the two differ; one that no longer differs fails the test."""
