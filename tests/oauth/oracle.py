"""What is asked of Keystead and of a provider that others wrote, what is compared, and where they differ.

Compared is what a client acts upon: the status, the error, the scheme that is challenged for, the names of
what is answered, what is told of a token, member by member, and that nothing may be stored.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.running import Answer

__all__ = [
    "CASES", "DEVIATIONS", "INTROSPECTION", "RESOURCE", "REVOCATION", "SIGNED", "TOKEN", "Case", "Deviation",
    "Own", "Seen", "seen",
]  # fmt: skip

RESOURCE: Final = "https://orders.example/api"
SIGNED: Final = "https://orders.example/signed"
"""The resource whose tokens are JWTs."""
GRANT: Final = "grant_type=client_credentials"
TOKEN, INTROSPECTION, REVOCATION = "token", "introspection", "revocation"


@dataclass(frozen=True, slots=True)
class Case:
    """One request; in its body `{id}`, `{secret}`, `{token}`, `{wide}` and `{jwt}` are the client's own.

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
    "introspect-two-scopes": Case(INTROSPECTION, "basic", "token={wide}"),
    "introspect-a-jwt": Case(INTROSPECTION, "basic", "token={jwt}"),
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


# Of ours alone, and another with each token; a test of its own looks for them.
_OWN_ALONE: Final = {"jti", "keystead_owner"}
_PATIENCE: Final = 60


class Seen(NamedTuple):
    """What a client acts upon.

    Attributes:
        names: of what is answered; of a token that is a JWT, its type and its claims too.
        told: of a token that is asked about, every member with its value.
    """

    status: int
    error: str
    challenge: str
    names: frozenset[str]
    stored: bool
    told: frozenset[str]


@dataclass(frozen=True, slots=True)
class Own:
    """What each of the two must say otherwise, since it is its own: its client, itself, and the time."""

    client_id: str
    issuer: str
    now: int

    def of(self, name: str, told: Mapping[str, Any]) -> object:
        """Return a member's value as it is to be compared."""
        value = told[name]
        if name == "exp":
            return f"iat + {value - told['iat']}"
        if name in {"iat", "nbf"}:
            return "now" if abs(value - self.now) <= _PATIENCE else value
        return {self.client_id: "the client", self.issuer: "the issuer"}.get(value, value)


def seen(answer: Answer, own: Own) -> Seen:
    found: dict[str, Any] = {}
    if answer.body and "json" in answer.headers.get("content-type", ""):
        found = answer.json()
    names: set[str] = {
        name for name in ("access_token", "token_type", "expires_in", "scope") if name in found
    }
    told = found if "active" in found else {}
    head, *rest = str(found.get("access_token", "")).split(".")
    if len(rest) == 2:
        names |= {f"typ: {_read(head)['typ']}", *(f"claim {name}" for name in _read(rest[0]))}
    return Seen(
        answer.status,
        str(found.get("error", "")),
        answer.headers.get("www-authenticate", "").partition(" ")[0],
        frozenset(names),
        "no-store" not in answer.headers.get("cache-control", ""),
        frozenset(f"{name}: {own.of(name, told)}" for name in told if name not in _OWN_ALONE),
    )


def _read(segment: str) -> dict[str, Any]:
    return dict(json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


class Deviation(NamedTuple):
    """A difference that is meant.

    Attributes:
        reason: why ours is another answer.
        ours: what of ours is another, by the names of `Seen`; all else is the same. Of what is `told` these
            are the members that it does not tell, or tells otherwise.
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

_TOLD_TOO: Final = frozenset(
    {"sub: the client", "username: admin", "nbf: now", "keystead_kind: access_token"}
)
_MORE: Final = Deviation(
    "ours tells more of what RFC 7662 §2.2 names: for whom the token stands (of client credentials the "
    "client: RFC 9068 §2.2), whose it is and since when; and what was shown, by a name of its own",
    {"told": _TOLD_TOO},
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
    "introspect": _MORE,
    "introspect-two-scopes": _MORE,
    "introspect-with-a-hint": _MORE,
    "introspect-with-a-wrong-hint": _MORE,
    "introspect-unknown-hint": _MORE,
    "introspect-by-assertion": _MORE,
    "introspect-a-jwt": Deviation(
        "ours tells of JWTs too, since they can be revoked; it refuses to (unsupported_token_type)",
        {
            "status": 200,
            "error": "",
            "names": frozenset({"token_type", "scope"}),
            "told": frozenset(
                {
                    "active: True",
                    "scope: orders:read",
                    "client_id: the client",
                    "token_type: Bearer",
                    "exp: iat + 3600",
                    "iat: now",
                    f"aud: {SIGNED}",
                    "iss: the issuer",
                    *_TOLD_TOO,
                }
            ),
        },
    ),
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
