"""What an API asks about a credential that it was shown. Row K1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from keystead.api.credentials.answers import CredentialRef
from keystead.api.instants import text_of
from keystead.core.arrival import Address, parse_address
from keystead.core.clock import SECOND, Instant
from keystead.core.errors import FieldError, Invalid
from keystead.core.names import wrong_text
from keystead.core.secret import Secret
from keystead.operations.credentials import verification as verbs
from keystead.operations.credentials.verification import Code, Shown, Verdict
from keystead.policy.scope_expression import (
    MAX_DEMAND,
    MAX_TERMS,
    AllOf,
    Demand,
    Holds,
    demand_of,
)
from keystead.web.call import Answer, Call, as_answer
from keystead.web.identifiers import Word
from keystead.web.refusals import CHALLENGE, RETRY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.ports.credentials import Known

__all__ = ["OUTCOMES", "VerifiedOwner", "VerifyAnswer", "VerifyBody", "VerifyQuery", "verify"]

CACHE_SECONDS: Final = 1
"""How long an API may keep a good answer: as late as another node may hear of a revocation (Law 3)."""

_STATUS: Final[Mapping[Code, int]] = {
    "VALID": 200,
    "MALFORMED": 401,
    "NOT_FOUND": 401,
    "REVOKED": 401,
    "DISABLED": 401,
    "EXPIRED": 401,
    "NOT_YET_VALID": 401,
    "OWNER_DISABLED": 401,
    "NETWORK_DENIED": 403,
    "INSUFFICIENT_SCOPE": 403,
    "AUDIENCE_MISMATCH": 403,
    "NETWORK_UNDECIDED": 503,
}
"""The outcome as a status, with `?status=http`."""

# As of any answer with this status (RFC 9110 §11.6.1, §10.2.3).
_HEADERS: Final = {401: {"WWW-Authenticate": CHALLENGE}, 503: {"Retry-After": RETRY_SECONDS}}
_NOTHING: Final[Mapping[str, str]] = {}

OUTCOMES: Final = tuple(sorted(set(_STATUS.values()) - {200}))

_MAX_TOKEN: Final = 16_384
_MAX_REQUEST: Final = {"method": 16, "host": 255, "path": 2000}

ScopeText = Annotated[str, Meta(max_length=MAX_DEMAND)]


class VerifyBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What the API was shown, and what it demands.

    `client_ip` takes the scope `tokens:assert-ip`. `scopes` is a list, of which each is demanded, or one line
    such as `a:read AND (b:write OR c:*)`. `audience` is the API's identifier; who verifies for one API may
    leave it out. `method`, `host` and `path` stand in the audit where an entry is made.
    """

    token: Annotated[str, Meta(max_length=_MAX_TOKEN)]
    client_ip: Annotated[str, Meta(max_length=64)] | None = None
    method: Annotated[str, Meta(max_length=_MAX_REQUEST["method"])] | None = None
    host: Annotated[str, Meta(max_length=_MAX_REQUEST["host"])] | None = None
    path: Annotated[str, Meta(max_length=_MAX_REQUEST["path"])] | None = None
    scopes: Annotated[tuple[ScopeText, ...], Meta(max_length=MAX_TERMS)] | ScopeText | None = None
    audience: Word | None = None


class VerifyQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """`status=http` answers the outcome as the status, for callers that look at nothing else."""

    status: Literal["http"] | None = None


class VerifiedOwner(Struct, frozen=True):
    """Whose credential it is; `external_id` is what you call him."""

    id: str
    kind: str
    name: str
    external_id: str | None


class VerifyAnswer(Struct, frozen=True):
    """The outcome. `cache_ttl` is how many seconds it may be kept.

    The reason is for you; tell the client no more than 401 or 403.
    """

    active: bool
    code: Code
    credential: CredentialRef | None
    owner: VerifiedOwner | None
    scopes: tuple[str, ...]
    expires_at: str | None
    metadata: dict[str, str]
    cache_ttl: int
    request_id: str


async def verify(call: Call) -> Answer:
    """POST /verify."""
    asked = call.query(VerifyQuery)
    body = call.json(VerifyBody)
    shown = _shown(body)
    verdict = await call.perform(verbs.verify, shown)
    status = _STATUS[verdict.code] if asked.status == "http" else 200
    answer = _answer(verdict, call.at, call.visit.arrival.request_id)
    return replace(as_answer(answer, status), headers=_HEADERS.get(status, _NOTHING))


def _shown(body: VerifyBody) -> Shown:
    wrong: list[FieldError] = []
    address = _address(body.client_ip, wrong)
    demand = _demand(body.scopes, wrong)
    request = {name: text for name in _MAX_REQUEST if (text := getattr(body, name)) is not None}
    for name, text in request.items():
        if rule := wrong_text(text, _MAX_REQUEST[name]):
            wrong.append(FieldError(name, rule))
    if wrong:
        raise Invalid.of(*wrong)
    return Shown(
        token=Secret(body.token),
        address=address,
        audience=body.audience,
        demand=demand,
        request=request,
    )


def _address(text: str | None, wrong: list[FieldError]) -> Address | None:
    if text is None:
        return None
    try:
        return parse_address(text)
    except ValueError:
        wrong.append(FieldError("client_ip", "must be one IPv4 or IPv6 address"))
        return None


def _demand(scopes: tuple[str, ...] | str | None, wrong: list[FieldError]) -> Demand | None:
    if scopes is None or scopes == ():
        return None
    try:
        if isinstance(scopes, str):
            return demand_of(scopes)
    except ValueError as error:
        wrong.append(FieldError("scopes", str(error)))
        return None
    parts: list[Demand] = []
    for i, text in enumerate(scopes):
        try:
            part = demand_of(text)
        except ValueError as error:
            wrong.append(FieldError(f"scopes[{i}]", str(error)))
            continue
        if not isinstance(part, Holds):
            wrong.append(FieldError(f"scopes[{i}]", "must be one scope; AND and OR go in one text"))
        parts.append(part)
    return AllOf(tuple(parts)) if parts else None


def _answer(verdict: Verdict, at: Instant, request_id: str) -> VerifyAnswer:
    good = verdict.code == "VALID"
    known = verdict.known
    credential, owner, end = None, None, None
    if known is not None:
        c, o = known.credential, known.owner
        credential = CredentialRef(c.id, c.kind, c.name)
        owner = VerifiedOwner(o.id, o.kind, o.name, o.external_id)
        end = known.expires_at
    return VerifyAnswer(
        active=good,
        code=verdict.code,
        credential=credential,
        owner=owner,
        scopes=tuple(sorted(verdict.scopes)),
        expires_at=text_of(end),
        metadata=dict(verdict.metadata),
        cache_ttl=_seconds_to_keep(known, at) if good else 0,
        request_id=request_id,
    )


def _seconds_to_keep(known: Known | None, at: Instant) -> int:
    """Return for how many whole seconds the outcome holds: an end is exclusive (Law 9).

    What is good for a number of uses is asked about at each: one that is kept would stand for many.
    """
    if known is None or known.credential.max_uses is not None:
        return 0
    end = known.expires_at
    return CACHE_SECONDS if end is None else min(CACHE_SECONDS, (end - at) // SECOND)
