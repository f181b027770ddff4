"""The verb by which whoever was given a token gives it back (RFC 7009). Row K2.

A JWT is ended like any other token: whoever asks here about it is told so from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import Invalid, Refused
from keystead.credentials import lifecycle
from keystead.gate.acts.operation import Told, operation
from keystead.operations.credentials.shown import shown_to
from keystead.operations.finding import get_self, save_credential
from keystead.policy.permissions import BEARERS, CLIENTS

if TYPE_CHECKING:
    from keystead.core.secret import Secret
    from keystead.credentials.access_token import AccessToken
    from keystead.gate.acts.act import Act
    from keystead.ports.credentials import Known

__all__ = ["revoke_token"]


@operation("oauth.revoke", needs=None, told=Told.ENTERED, kinds=BEARERS | CLIENTS, key_admins=True)
async def revoke_token(act: Act, token: Secret | None) -> None:
    """End a token for good: an access token of the presented credential's, or that credential itself.

    Nothing is done where it is nobody's, or has ended already.

    Raises:
        Invalid: there is no token to end.
        Refused: `invalid_request`, it is another one's; `unsupported_token_type`, it is a client's secret.
    """
    if token is None:
        raise Invalid("the parameter token is missing")
    known = await shown_to(act, token)
    if known is None:
        return
    if known.minted is not None:
        await _end_minted(act, known, known.minted)
    else:
        await _end_itself(act, known)


async def _end_minted(act: Act, known: Known, minted: AccessToken) -> None:
    act.about("access_token", minted.id, known.credential.name)
    asking = act.caller.credential
    # A key under its new id ends what was given to it under its former one.
    if asking.id != minted.id and minted.parent_id not in {asking.id, asking.former_id}:
        raise _not_yours()
    await act.tx.access_tokens.revoke(minted, act.at)


async def _end_itself(act: Act, known: Known) -> None:
    credential = known.credential
    act.about("credential", credential.id, credential.name)
    if act.caller.credential.id != credential.id:
        raise _not_yours()
    if credential.kind in CLIENTS:
        raise Refused(
            "unsupported_token_type",
            "a client's secret is no token; rotate or revoke the client instead",
        )
    listed = await get_self(act)
    after = lifecycle.revoked(listed.credential, act.at)
    if after is not listed.credential:
        await save_credential(act, after, listed.credential.revision)


def _not_yours() -> Refused:
    return Refused(
        "invalid_request", "the token was not given to whoever asks", rule="token of another"
    )
