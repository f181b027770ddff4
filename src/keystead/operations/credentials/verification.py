"""The verb by which an API asks whether a credential that it was shown is good. Row K1.

An API's owner and its verifiers learn about credentials that have access to it; about any other they learn
no more than that there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from keystead.core.errors import FieldError, Invalid
from keystead.credentials.kind import KINDS
from keystead.crypto.token_format import is_jwt, is_legacy, read_secret
from keystead.gate.acts.operation import Told, operation
from keystead.gate.callers.caller import scopes_held
from keystead.operations.credentials.shown import (
    apis_verified_by,
    check_good,
    count_shown,
    note_allowed,
    note_refused,
    shown_to,
)
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.restrictions import Denial
from keystead.policy.scope_expression import meets

if TYPE_CHECKING:
    from keystead.core.arrival import Address
    from keystead.core.secret import Secret
    from keystead.gate.acts.act import Act
    from keystead.policy.scope_expression import Demand
    from keystead.ports.credentials import Known

__all__ = ["CODES", "Code", "Shown", "Verdict", "verify"]

Code = Literal[
    "VALID", "MALFORMED", "NOT_FOUND", "REVOKED", "DISABLED", "EXPIRED", "NOT_YET_VALID",
    "NETWORK_DENIED", "NETWORK_UNDECIDED", "INSUFFICIENT_SCOPE", "AUDIENCE_MISMATCH", "OWNER_DISABLED",
]  # fmt: skip

CODES: Final[Mapping[str, Code]] = {
    "credential_revoked": "REVOKED",
    "credential_disabled": "DISABLED",
    "credential_expired": "EXPIRED",
    "credential_not_yet_valid": "NOT_YET_VALID",
    "network_denied": "NETWORK_DENIED",
    "network_undecided": "NETWORK_UNDECIDED",
    "owner_disabled": "OWNER_DISABLED",
    "insufficient_scope": "INSUFFICIENT_SCOPE",
    "audience_mismatch": "AUDIENCE_MISMATCH",
}
"""A refusal's code as this verb says it."""


_OTHER_AUDIENCE: Final = Denial(
    "forbidden", "audience_mismatch", "the credential has no access to this API", "audience"
)
_LACKS_SCOPE: Final = Denial(
    "forbidden", "insufficient_scope", "the credential does not hold what the API demands", "scope"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an API was shown, and what it demands.

    Attributes:
        token: as the client presented it.
        address: where the client came from, if the API says so; needs `tokens:assert-ip`.
        audience: the API's identifier; None of whoever verifies for one API alone.
        demand: what the credential must hold there; None where any access is enough.
        request: what was asked of the API (method, host, path), for the entry.
    """

    token: Secret
    address: Address | None = None
    audience: str | None = None
    demand: Demand | None = None
    request: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the API is told.

    Attributes:
        known: the credential; None where the API may learn of none.
        scopes: what it holds on the API; nothing unless it is good.
        metadata: the credential's own, of a good one.
    """

    code: Code
    known: Known | None = None
    scopes: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)


@operation("credential.verify", needs=Permission.TOKENS_VERIFY, told=Told.COUNTED)
async def verify(act: Act, shown: Shown) -> Verdict:
    """Say whether a credential is good for an API, now and from there.

    Raises:
        Forbidden: an address was said without `tokens:assert-ip`.
        Invalid: no audience was named by whoever verifies for several APIs, or for none.
    """
    if shown.address is not None:
        act.caller.require_also(Permission.TOKENS_ASSERT_IP)
    asked = _asked(act, shown.audience)
    known = await shown_to(act, shown.token)
    if known is None:
        token = shown.token
        formed = is_jwt(token) or is_legacy(token) or read_secret(token) is not None
        return Verdict("NOT_FOUND" if formed else "MALFORMED")
    mine = [api.identifier for api in apis_verified_by(act)]
    shared = [api for api in mine if api in known.audience]
    # A client's own secret is no API's business: it is for the token endpoint.
    if not KINDS[known.credential.kind].is_for_apis or not shared:
        return Verdict("NOT_FOUND")
    # What is no API of the asker's is a text of his, and none to count by.
    counted = asked if asked in mine else shared[0]
    denial, scopes = _decided(act, shown, asked, known)
    denial = denial or await count_shown(act, known)
    if denial is not None:
        note_refused(act, known, denial, counted, shown.address, shown.request)
        return Verdict(CODES[denial.code], known)
    await note_allowed(act, known, counted, shown.address, shown.request)
    metadata = await act.tx.credentials.metadata(known.used[0])
    return Verdict("VALID", known, scopes, metadata)


def _asked(act: Act, audience: str | None) -> str:
    if audience is not None:
        return audience
    mine = apis_verified_by(act)
    registered = [api for api in mine if api.identifier != KEYSTEAD_API] or list(mine)
    if len(registered) == 1:
        return registered[0].identifier
    rule = "is needed: you verify for " + ("several APIs" if registered else "no API")
    raise Invalid("it is not clear which API asks", FieldError("audience", rule))


def _decided(
    act: Act, shown: Shown, asked: str, known: Known
) -> tuple[Denial | None, frozenset[str]]:
    nothing: frozenset[str] = frozenset()
    denial = check_good(act, known, shown.address)
    if denial is not None:
        return denial, nothing
    api = next((each for each in apis_verified_by(act) if each.identifier == asked), None)
    if api is None or asked not in known.audience:
        return _OTHER_AUDIENCE, nothing
    scopes = scopes_held(known, api)
    if not scopes:
        return _LACKS_SCOPE, nothing
    if shown.demand is not None and not meets(scopes, shown.demand, api.actions):
        return _LACKS_SCOPE, nothing
    return None, scopes
