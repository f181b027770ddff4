"""How a client proves who it is: by its secret, by what it signed with its own key, or by a bearer token.

One way a request, as RFC 6749 §2.3 has it. What cannot be read is refused before anybody is asked who he is;
whether it is right is for the gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from keystead.core.arrival import Presented
from keystead.core.errors import Invalid
from keystead.core.secret import Secret
from keystead.credentials.kind import ACCESS_TOKEN, KINDS_BY_MARK
from keystead.crypto.jose.assertion import unverified_client_id
from keystead.crypto.token_format import public_id, read_secret
from keystead.gate.callers.schemes import ASSERTION
from keystead.policy.permissions import CLIENTS

if TYPE_CHECKING:
    from keystead.api.oauth.forms import ClientForm

__all__ = ["ASSERTION_TYPE", "BASIC", "BEARER", "Proof", "proof_in"]

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BASIC: Final = "Basic"
BEARER: Final = "Bearer"
_BASIC: Final = "basic"
"""The scheme of a pair of id and secret, wherever it stood."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was presented, and the scheme in which a refusal of it asks for another one."""

    presented: Presented | None
    scheme: str = BASIC


def proof_in(
    form: ClientForm,
    found: Presented | Literal["system"] | None,
    *,
    bearers: bool,
    issuer: str,
) -> Proof:
    """Return the proof that a request holds.

    Args:
        form: the request's parameters.
        found: the one credential that the headers present, as other doors read them.
        bearers: whether a bearer token is a proof here.
        issuer: for which an assertion is made.

    Raises:
        Invalid: there are several, or `client_id` names another client.
    """
    in_form = form.client_secret is not None
    signed = form.client_assertion is not None or form.client_assertion_type is not None
    if (found is not None) + in_form + signed > 1:
        raise Invalid("prove who the client is in one way: in a header or in the form")
    if in_form:
        return Proof(_from_form(form))
    if signed:
        return Proof(_from_assertion(form, issuer))
    if not isinstance(found, Presented):
        return Proof(None)
    if found.scheme == _BASIC:
        if form.client_id is not None and form.client_id != found.identity:
            raise Invalid("client_id is not the client of the Authorization header")
        return Proof(found)
    if bearers and not _is_of_client(found.mark):
        own = _public_id(found.mark)
        if form.client_id is not None and own is not None and form.client_id != own:
            raise Invalid("client_id is not the client of the token presented")
        return Proof(found, BEARER)
    # Another scheme presents nothing that could be good here, but it is no silence either.
    return Proof(Presented(Secret(""), "unknown"))


def _is_of_client(token: Secret) -> bool:
    """Say whether it is a client's secret, which proves who it is beside its id alone (RFC 6749 §2.3.1)."""
    parts = read_secret(token)
    kind = None if parts is None else KINDS_BY_MARK.get(parts.mark)
    return kind is not None and kind.name in CLIENTS


def _public_id(token: Secret) -> str | None:
    """Return the id that a token says of itself; None of one that was given to a client with another."""
    parts = read_secret(token)
    if parts is None or parts.mark in ACCESS_TOKEN.marks.values():
        return None
    return public_id(parts.mark, parts.id12)


def _from_form(form: ClientForm) -> Presented:
    if form.client_id is None or form.client_secret is None:
        raise Invalid("client_secret stands beside client_id")
    return Presented(form.client_secret, _BASIC, form.client_id)


def _from_assertion(form: ClientForm, issuer: str) -> Presented:
    """Return what a client has signed (RFC 7523 §2.2)."""
    if form.client_assertion is None or form.client_assertion_type != ASSERTION_TYPE:
        raise Invalid(f"client_assertion stands beside client_assertion_type={ASSERTION_TYPE}")
    identity = unverified_client_id(form.client_assertion)
    if form.client_id is not None and identity is not None and form.client_id != identity:
        raise Invalid("client_id is not the client of the assertion")
    return Presented(form.client_assertion, ASSERTION, identity, issuer)
