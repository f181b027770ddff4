"""The verb by which an API asks about a token that it was shown (RFC 7662). Row K2.

Who asks learns about credentials that have access to an API that he verifies for, of whatever kind they are;
of any other, and of one that is not good now, he learns no more than that there is nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from keystead.core.errors import Invalid
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
from keystead.operations.oauth.naming import client_id_of
from keystead.policy.grants import same_on_all
from keystead.policy.permissions import BEARERS, CLIENTS, Permission

if TYPE_CHECKING:
    from keystead.core.arrival import Address
    from keystead.core.secret import Secret
    from keystead.gate.acts.act import Act
    from keystead.ports.credentials import Known

__all__ = ["Introspected", "introspect_token"]


class Introspected(Struct, frozen=True):
    """A token that is good.

    Attributes:
        client_id: the public id of whoever it was given to.
        audience: the identifiers of those of its APIs that the asker verifies for.
        scopes: what it holds on each of them; see `same_on_all`.
    """

    known: Known
    client_id: str
    audience: tuple[str, ...]
    scopes: frozenset[str]


@operation(
    "oauth.introspect",
    needs=Permission.TOKENS_VERIFY,
    told=Told.COUNTED,
    kinds=BEARERS | CLIENTS,
)
async def introspect_token(
    act: Act, token: Secret | None, address: Address | None, resource: str | None = None
) -> Introspected | None:
    """Return what there is to know of a token; None of one that is not good, for whatever reason.

    Args:
        act: in progress.
        token: that was shown.
        address: from where, as the API says.
        resource: the identifier of the API that asks; None for whichever the asker verifies for.

    Raises:
        Forbidden: an address was said without `tokens:assert-ip`.
        Invalid: there is no token to ask about, or the asker does not verify for that API.
    """
    if token is None:
        raise Invalid("the parameter token is missing")
    if address is not None:
        act.caller.require_also(Permission.TOKENS_ASSERT_IP)
    mine = apis_verified_by(act)
    if resource is not None:
        mine = tuple(api for api in mine if api.identifier == resource)
        if not mine:
            raise Invalid("resource must be the identifier of an API that you verify for")
    known = await shown_to(act, token)
    # A client's own secret is no API's business: it is for the token endpoint.
    if known is None or known.credential.kind in CLIENTS:
        return None
    held = {
        api.identifier: scopes
        for api in mine
        if api.identifier in known.audience and (scopes := scopes_held(known, api))
    }
    # What was narrowed to nothing on an API is no token for it, as none would be issued.
    apis = [api for api in mine if api.identifier in held]
    if not apis:
        return None
    denial = check_good(act, known, address) or await count_shown(act, known)
    if denial is not None:
        note_refused(act, known, denial, apis[0].identifier, address)
        return None
    await note_allowed(act, known, apis[0].identifier, address)
    told, _ = same_on_all(held, apis)
    audience = tuple(api.identifier for api in apis)
    return Introspected(known, client_id_of(known.parent or known.credential), audience, told)
