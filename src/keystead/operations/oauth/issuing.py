"""The verb by which a client exchanges its credential for a short-lived access token. Rows A18, A19, C1.

It holds no more than its client does, on the APIs asked for, and lives no longer. Whatever is wrong with a
request is said in the order of docs/guide/oauth.md: the client has proved who it is before any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.core.clock import DAY, MINUTE, SECOND, Instant, later
from keystead.core.errors import Invalid, Refused, Throttled, Unauthenticated
from keystead.core.ids import new_id
from keystead.credentials.access_token import AccessToken
from keystead.credentials.kind import ACCESS_TOKEN, KINDS
from keystead.credentials.lifecycle import MAX_OVERLAP_SECONDS, former
from keystead.crypto.jose.signing import TokenClaims
from keystead.crypto.token_format import is_jwt, mint
from keystead.gate.acts.operation import Told, operation
from keystead.gate.callers.caller import scopes_held
from keystead.operations.oauth.naming import audience_of, client_id_of, identifier_of
from keystead.operations.signing_keys import signer_for
from keystead.policy.grants import granted, read_scope, same_on_all

if TYPE_CHECKING:
    from keystead.core.secret import Secret
    from keystead.credentials.access_token import Grants
    from keystead.credentials.record import Credential
    from keystead.gate.acts.act import Act
    from keystead.policy.catalogue.catalogue import API
    from keystead.ports.credentials import Known

__all__ = ["GRANT_TYPE", "IssuedToken", "TokenWish", "issue_token"]

GRANT_TYPE: Final = "client_credentials"
"""The one grant there is (RFC 6749 §4.4)."""

_MARK: Final = ACCESS_TOKEN.marks["minted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWish:
    """What was asked for, as it was sent.

    Attributes:
        issuer: this installation's; as a resource it is Keystead's own API.
        resources: the APIs that the token is for; of none, the first that the client has access to.
        scope: what it is to hold there; None for all that the client holds.
        per_minute: how many tokens a client is given a minute, where there is a bound.
    """

    issuer: str
    grant_type: str | None
    scope: str | None = None
    resources: tuple[str, ...] = ()
    per_minute: int | None = None


class TokenBounds(NamedTuple):
    """Who issues a token, under what id, and until when."""

    issuer: str
    jti: str
    end: Instant


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was just minted; it is shown once and kept nowhere.

    Attributes:
        expires_in: whole seconds from the request on.
        scopes: what it holds, on whichever of its APIs, sorted.
    """

    secret: Secret
    expires_in: int
    scopes: tuple[str, ...]


@operation(
    "oauth.issue",
    needs=None,
    told=Told.ENTERED,
    kinds=frozenset(kind.name for kind in KINDS.values() if kind.is_pair),
    key_admins=True,
)
async def issue_token(act: Act, wish: TokenWish) -> IssuedToken:
    """Mint an access token for the presented client or key.

    Raises:
        Invalid: `invalid_request`, `unsupported_grant_type` or `invalid_scope`, it cannot be understood.
        Refused: `invalid_target` or `invalid_scope`, it is not the client's to have.
        Unauthenticated: `credential_expired`, it ends before a token of it could be used.
        Throttled: it was given too many within a minute.
    """
    _require_grant(wish)
    known = _presented(act)
    asked = None if wish.scope is None else read_scope(wish.scope)
    apis = _apis_asked_for(act, known, wish)
    held = {api.identifier: scopes_held(known, api, ACCESS_TOKEN.name) for api in apis}
    grants = granted(asked, held, apis)
    ids = await _ids_of(act, known.credential)
    await _require_pace(act, ids, wish.per_minute)
    token, secret = await _minted(act, known, apis, grants, wish.issuer)
    n = await act.tx.access_tokens.insert(token)
    if wish.per_minute is not None:
        await act.tx.mints.pace(known.credential.id, token.id, act.at, later(act.at, -MINUTE))
    ended = await _ended_by_cap(act, ids, n)
    facts: dict[str, str | int] = {
        "apis": " ".join(grants),
        "scopes": sum(map(len, grants.values())),
        **ended,
    }
    act.about("access_token", token.id, known.credential.name, **facts)
    scopes = tuple(sorted({scope for each in grants.values() for scope in each}))
    return IssuedToken(secret, (token.expires_at - act.at) // SECOND, scopes)


def _require_grant(wish: TokenWish) -> None:
    if wish.grant_type is None:
        raise Invalid("the parameter grant_type is missing")
    if wish.grant_type != GRANT_TYPE:
        raise Invalid(f"the only grant is {GRANT_TYPE}", code="unsupported_grant_type")


def _presented(act: Act) -> Known:
    known = act.caller.known
    if known is None:
        msg = "the house itself asks for no token"
        raise RuntimeError(msg)
    return known


def _apis_asked_for(act: Act, known: Known, wish: TokenWish) -> tuple[API, ...]:
    named = dict.fromkeys(identifier_of(resource, wish.issuer) for resource in wish.resources)
    identifiers = tuple(named) or known.audience[:1]
    apis = [
        api
        for identifier in identifiers
        if identifier in known.audience and (api := act.caller.apis.find(identifier)) is not None
    ]
    if not apis or len(apis) < len(identifiers):
        raise Refused(
            "invalid_target",
            "resource must be the identifier of an API that the client has access to",
            rule="no access to the API",
        )
    return tuple(apis)


async def _ids_of(act: Act, credential: Credential) -> tuple[str, ...]:
    """Return the ids of a client or key, the living one first; for an overlap a key has a former one too."""
    own = (credential.id,)
    if not KINDS[credential.kind].has_new_ids:
        return own
    if (former_id := former(credential, act.at)) is not None:
        return (*own, former_id)
    # A former id has an end, which is never far: without such a one nothing has taken its place.
    longest = later(act.at, MAX_OVERLAP_SECONDS * SECOND)
    if credential.expires_at is None or credential.expires_at > longest:
        return own
    living = await act.tx.credentials.find_successor_id(credential.id)
    return own if living is None else (living, *own)


async def _require_pace(act: Act, ids: tuple[str, ...], per_minute: int | None) -> None:
    if per_minute is None:
        return
    since = later(act.at, -MINUTE)
    oldest = await act.tx.mints.paced_at(ids, per_minute - 1, since)
    if oldest is not None:
        why = f"a key is given {per_minute} access tokens a minute here"
        raise Throttled(-(-(oldest - since) // SECOND), why)


async def _minted(
    act: Act, known: Known, apis: tuple[API, ...], grants: Grants, issuer: str
) -> tuple[AccessToken, Secret]:
    parent = known.credential
    end = later(act.at, min(api.token_seconds for api in apis) * SECOND)
    if parent.expires_at is not None:
        end = Instant(min(end, parent.expires_at))
    if end - act.at < SECOND:
        raise Unauthenticated(
            "credential_expired", "the client ends within a second", rule="expires_at"
        )
    id_ = new_id("cred")
    id12 = id_.removeprefix("cred_")
    if all(api.token_format == "jwt" for api in apis):  # noqa: S105  # a form, not a token
        secret = await _signed(act, parent, apis, grants, TokenBounds(issuer, id12, end))
    else:
        secret = mint(_MARK, id12)
    pepper_n, digest = act.keyring.digester.digest(secret)
    return AccessToken(
        id=id_,
        parent_id=parent.id,
        secret_n=known.used[1],
        grants=grants,
        pepper_n=pepper_n,
        digest=digest,
        created_at=act.at,
        expires_at=end,
    ), secret


async def _signed(
    act: Act, parent: Credential, apis: tuple[API, ...], grants: Grants, bounds: TokenBounds
) -> Secret:
    """Return a JWT that says what it holds (RFC 9068).

    Raises:
        Refused: `invalid_target`, the client is bound to networks, to which whoever verifies offline cannot
            hold it; `invalid_scope`, one list of scopes would say too much to one of several APIs, or is too
            long for a token.
    """
    if parent.networks and any(api.offline_networks == "refused" for api in apis):
        raise Refused(
            "invalid_target",
            "the API takes signed tokens, which could not be kept to this client's networks; "
            "let the API accept that (offline_networks), or free the client of networks",
            rule="offline networks",
        )
    scopes, whole = same_on_all(grants, apis)
    if not whole:
        raise Refused(
            "invalid_scope",
            "a scope asked for is held on one of these APIs and not on another that has it too; "
            "ask for a token for each",
            rule="scope of several APIs",
        )
    signer = await signer_for(act, apis[0].algorithm)
    client_id = client_id_of(parent)
    signed = signer.sign(
        TokenClaims(
            iss=bounds.issuer,
            exp=bounds.end // SECOND,
            aud=audience_of(grants, bounds.issuer),
            sub=client_id,
            client_id=client_id,
            iat=act.at // SECOND,
            jti=bounds.jti,
            scope=" ".join(sorted(scopes)),
        )
    )
    if not is_jwt(signed):
        raise Refused(
            "invalid_scope",
            "a signed token that says all these scopes is longer than any that is recognised; ask for fewer",
            rule="length of a token",
        )
    return signed


async def _ended_by_cap(act: Act, ids: tuple[str, ...], n: int) -> dict[str, int]:
    """End the oldest tokens of a client that asks for more than it can use; return what is told of it."""
    most = act.caller.organisation.max_access_tokens
    # Its number is that under one id.
    if most is None or (n <= most and len(ids) == 1):
        return {}
    ended = await act.tx.access_tokens.end_beyond(ids, most, act.at)
    if not ended:
        return {}
    await act.tx.mints.cap(ids[0], ended, act.at, later(act.at, -DAY))
    return {"ended": ended}
