"""Verbs by which a credential gets a new secret, or new keys. Rows S23, A7, C22 and K9."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from keystead.core.errors import Conflict, Invalid, NotFound
from keystead.core.ids import new_id
from keystead.credentials import lifecycle
from keystead.credentials.kind import KINDS
from keystead.credentials.rotation import Rotation
from keystead.gate.acts.operation import Told, operation
from keystead.operations.credentials.issuing import (
    Issued,
    new_secret,
    require_held,
    require_may_issue_for,
    require_newest_secret,
    require_within,
)
from keystead.operations.finding import (
    get_credential,
    get_self,
    reach_credential,
    require_good_still,
    save_credential,
)
from keystead.policy.permissions import Permission
from keystead.ports.credentials import Listed

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act

__all__ = ["refresh_credential", "rotate_credential", "rotate_self"]

_AT_ONCE: Final = Rotation()
_ANY: Final = 2**31 - 1
"""A number that no secret's is above."""


@operation("credential.rotate", needs=Permission.CREDENTIALS_ROTATE, told=Told.ENTERED)
async def rotate_credential(act: Act, credential_id: str, rotation: Rotation = _AT_ONCE) -> Issued:
    """Give a credential a new secret; older ones end now, after the overlap, or at its first use.

    Raises:
        Invalid: a field does not fit.
        Forbidden: it holds a scope that the presented credential does not hold, or is another user's.
        Conflict: it is revoked, expired without a new end, or has too many live secrets.
    """
    return await _rotate(act, await _handed_out(act, credential_id), rotation, resets_uses=True)


@operation(
    "credential.rotate_self",
    needs=Permission.SELF_ROTATE,
    told=Told.ENTERED,
    verb="credential.rotate",
)
async def rotate_self(act: Act, rotation: Rotation = _AT_ONCE) -> Issued:
    """Give the presented credential itself a new secret; its end and its uses stay."""
    listed = await get_self(act)
    require_good_still(act, listed)
    return await _rotate(act, listed, rotation, resets_uses=False)


@operation("credential.refresh", needs=Permission.CREDENTIALS_ROTATE, told=Told.ENTERED)
async def refresh_credential(act: Act, credential_id: str, rotation: Rotation = _AT_ONCE) -> Issued:
    """Replace an API key's id and secret; the old ones, and what they were given, end as a rotation says.

    All else stays: its name, access, networks, end and description. Until it ends, the former id is what the
    key is: whatever is done to the key is done to it.

    Raises:
        Invalid, Forbidden: as `rotate_credential`.
        Conflict: it is no API key, is revoked, has expired, or has a former id still and would get another.
    """
    listed = await _handed_out(act, credential_id)
    before = listed.credential
    if not KINDS[before.kind].has_new_ids:
        raise Conflict("wrong_state", "only an API key gets a new id; rotate this one instead")
    require_newest_secret(act, listed)
    if wrong := rotation.wrong(before, lifecycle.live_secrets(listed.secrets, act.at)):
        raise Invalid.of(*wrong)
    ends_at = lifecycle.retirement(act.at, rotation.overlap)
    made = lifecycle.refreshed(before, new_id("cred"), act.at, ends_at)
    require_within(act, made)
    secret, stored = new_secret(act, made, 1)
    stored = replace(stored, ends_older=rotation.revoke_after_first_use)
    records = act.tx.credentials
    leave = records.bury if made.former_id is None else records.set_aside
    if not await leave(before.id, act.at):
        raise NotFound("credential")
    await records.insert(made, stored)
    if act.caller.known is not None and act.caller.known.credential.id == before.id:
        # What the same request will present when it comes again, to be told the same answer (`do_once`).
        act.caller = act.caller.ending(ends_at)
    facts = {"overlap_seconds": rotation.overlap} if rotation.overlap else {}
    act.about("credential", made.id, made.name, refreshed_from=before.id, **facts)
    former_use = None if made.former_id is None else listed.last_use
    return Issued(Listed(made, listed.owner, (stored,), None, {}, former_use), secret)


async def _handed_out(act: Act, credential_id: str) -> Listed:
    """Return a credential whose new secret the caller may be handed."""
    listed = await reach_credential(act, credential_id, Permission.CREDENTIALS_ROTATE)
    await require_may_issue_for(
        act, listed.credential.owner_id, "only the user himself may be handed a secret of his"
    )
    require_held(act, listed.credential, listed.owner)
    return listed


async def _rotate(act: Act, listed: Listed, rotation: Rotation, *, resets_uses: bool) -> Issued:
    before = listed.credential
    require_newest_secret(act, listed)
    live = lifecycle.live_secrets(listed.secrets, act.at)
    if wrong := rotation.wrong(before, live):
        raise Invalid.of(*wrong)
    after = rotation.of(before, act.at, act.caller.organisation, resets_uses=resets_uses)
    require_within(act, after, uses=resets_uses)
    if rotation.overlap and len(live) >= lifecycle.MAX_LIVE_SECRETS:
        raise Conflict(
            "wrong_state",
            f"{len(live)} secrets are live already; wait until one retires, or rotate without overlap",
        )
    newest = max((s.n for s in listed.secrets), default=0)
    retires_at = rotation.older_end_at(before, act.at)
    await save_credential(act, after, before.revision)
    await act.tx.credentials.retire_secrets(before.id, newest, retires_at)
    facts: dict[str, int] = {"overlap_seconds": rotation.overlap}
    secret = None
    if after.public_jwks is None:
        secret, stored = new_secret(act, after, newest + 1)
        stored = replace(stored, ends_older=rotation.revoke_after_first_use)
        await act.tx.credentials.insert_secret(before.id, stored)
        facts["secret"] = stored.n
    if rotation.end_access_tokens:
        ended = await act.tx.access_tokens.end_of_secret(before.id, newest, act.at)
        if before.former_id is not None:
            ended += await act.tx.access_tokens.end_of_secret(before.former_id, _ANY, act.at)
        facts["access_tokens"] = ended
    act.about("credential", before.id, before.name, **facts)
    return Issued(await get_credential(act, before.id), secret)
