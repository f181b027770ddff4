"""The endpoints of OAuth: each asks the gate for one operation, and writes the answer in OAuth's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, ParamSpec, TypeVar

from msgspec.structs import replace

from keystead.api.oauth.answers import IntrospectionAnswer, TokenAnswer
from keystead.api.oauth.forms import ClientForm, IntrospectionForm, RevocationForm, TokenForm
from keystead.api.oauth.refusals import NO_CACHE
from keystead.core.arrival import Address, parse_address
from keystead.core.clock import SECOND
from keystead.core.errors import Invalid
from keystead.operations.oauth.introspection import Introspected, introspect_token
from keystead.operations.oauth.issuing import TokenWish, issue_token
from keystead.operations.oauth.naming import audience_of, identifier_of
from keystead.operations.oauth.revocation import revoke_token
from keystead.web import reveal
from keystead.web.call import Answer, as_answer

if TYPE_CHECKING:
    from keystead.gate.acts.operation import Operation
    from keystead.gate.gate import Gate
    from keystead.gate.visit import Visit

__all__ = ["PER_MINUTE", "Asked", "introspect", "revoke", "token", "token_of_key"]

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=ClientForm)

PER_MINUTE: Final = 20
"""Access tokens that a key is given a minute, under the path that is known for this bound."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[F]):
    """One request: the gate, who comes, what he sent, and whom he asks."""

    gate: Gate
    visit: Visit
    form: F
    issuer: str

    async def perform(self, operation: Operation[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the gate for an operation."""
        return await self.gate.perform(operation, self.visit, *args, **kwargs)


async def token(asked: Asked[TokenForm]) -> Answer:
    """POST /oauth/token."""
    return await _issue(asked, "Bearer", None)


async def token_of_key(asked: Asked[TokenForm]) -> Answer:
    """POST /auth/v2/token."""
    return await _issue(asked, "bearer", PER_MINUTE)


async def _issue(asked: Asked[TokenForm], token_type: str, per_minute: int | None) -> Answer:
    form = asked.form
    wish = TokenWish(
        issuer=asked.issuer,
        grant_type=form.grant_type,
        scope=form.scope,
        resources=form.resource,
        per_minute=per_minute,
    )
    issued = await asked.perform(issue_token, wish)
    answer = TokenAnswer(
        token_type=token_type,
        access_token=issued.secret,
        expires_in=issued.expires_in,
        scope=" ".join(issued.scopes),
    )
    return Answer(200, reveal.as_json(answer), headers=NO_CACHE)


async def introspect(asked: Asked[IntrospectionForm]) -> Answer:
    """POST /oauth/introspect."""
    address = _address(asked.form.client_ip)
    named = asked.form.resource
    resource = None if named is None else identifier_of(named, asked.issuer)
    found = await asked.perform(introspect_token, asked.form.token, address, resource)
    answer = _INACTIVE if found is None else _active(found, asked.issuer)
    return replace(as_answer(answer), headers=NO_CACHE)


async def revoke(asked: Asked[RevocationForm]) -> Answer:
    """POST /oauth/revoke."""
    await asked.perform(revoke_token, asked.form.token)
    return Answer(200, headers=NO_CACHE)


def _address(text: str | None) -> Address | None:
    if text is None:
        return None
    try:
        return parse_address(text)
    except ValueError:
        raise Invalid("client_ip is one IPv4 or IPv6 address") from None


_INACTIVE: Final = IntrospectionAnswer(active=False)


def _active(found: Introspected, issuer: str) -> IntrospectionAnswer:
    known = found.known
    credential, owner = known.credential, known.owner
    issued = known.secret.created_at // SECOND
    begins = credential.not_before
    return IntrospectionAnswer(
        active=True,
        scope=" ".join(sorted(found.scopes)),
        client_id=found.client_id,
        username=owner.login,
        token_type="Bearer",  # noqa: S106  # a type, not a token
        exp=None if known.expires_at is None else known.expires_at // SECOND,
        iat=issued,
        nbf=issued if begins is None else begins // SECOND,
        sub=found.client_id,
        aud=audience_of(found.audience, issuer),
        iss=issuer,
        jti=credential.id12,
        keystead_kind=credential.kind,
        keystead_owner=owner.id,
    )
