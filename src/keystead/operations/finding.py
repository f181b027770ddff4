"""Finding and keeping the one credential that a verb is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import NotFound, Overtaken
from keystead.credentials.lifecycle import former
from keystead.gate.callers.caller import subject_of
from keystead.gate.refusals import refusal_by
from keystead.policy.decide import check_usable
from keystead.policy.key_admin import MANAGED
from keystead.policy.restrictions import Circumstance
from keystead.ports.credentials import Known

if TYPE_CHECKING:
    from keystead.credentials.record import Credential
    from keystead.gate.acts.act import Act
    from keystead.policy.permissions import Permission
    from keystead.ports.credentials import Listed

__all__ = [
    "get_credential",
    "get_self",
    "reach_credential",
    "require_good_still",
    "save_credential",
]


async def get_credential(act: Act, credential_id: str) -> Listed:
    """Return one that is not deleted.

    Raises:
        NotFound: there is none.
    """
    listed = await act.tx.credentials.find(credential_id)
    if listed is None:
        raise NotFound("credential")
    return listed


async def get_self(act: Act) -> Listed:
    """Return the credential that was presented; of a former id what took its place.

    Raises:
        NotFound: it is gone.
    """
    listed = await _find_by_either_id(act, act.caller.credential.id)
    if listed is None:
        raise NotFound("credential")
    return listed


def require_good_still(act: Act, listed: Listed) -> None:
    """Judge the credential that was presented once more, as it stands in this act's transaction.

    Another node may have ended it: who ends himself may do so late, who renews himself may not.

    Raises:
        NotFound: the secret presented is gone.
        Unauthenticated, Forbidden, Unavailable: it, or its owner, is not good any more.
    """
    known, found = act.caller.known, listed.credential
    if known is None:
        return
    secret = known.secret
    # The secrets of a former id are not among these; nobody renews himself by one.
    if found.id == known.credential.id and found.public_jwks is None:
        same = [each for each in listed.secrets if each.n == secret.n]
        if not same:
            raise NotFound("credential")
        secret = same[0]
    stands = Known(found, secret, listed.owner)
    denial = check_usable(subject_of(stands), Circumstance(act.at, act.arrival.address))
    if denial is not None:
        raise refusal_by(denial)


async def reach_credential(act: Act, credential_id: str, permission: Permission) -> Listed:
    """Return one that the caller reaches with a permission, and name it for the entry.

    A refreshed key is found by its former id as well, as long as that is good: it is what leaked, if anything
    did, and what stands in the audit.

    Raises:
        NotFound: there is none, or it is not the caller's to see.
    """
    act.seek("credential", credential_id)
    listed = await _find_by_either_id(act, credential_id)
    if listed is None:
        raise NotFound("credential")
    found = listed.credential
    if credential_id not in {found.id, former(found, act.at)}:
        raise NotFound("credential")
    if not act.caller.reaches(found.owner_id, permission):
        raise NotFound("credential")
    if act.caller.is_key_admin and (found.kind, found.type) != MANAGED:
        raise NotFound("credential")
    act.about("credential", found.id, found.name)
    return listed


async def _find_by_either_id(act: Act, credential_id: str) -> Listed | None:
    records = act.tx.credentials
    return await records.find(credential_id) or await records.find_successor(credential_id)


async def save_credential(act: Act, after: Credential, was: int) -> None:
    """Keep a changed credential if its revision is still `was`.

    Raises:
        Conflict: it is not; or the name is taken.
    """
    if not await act.tx.credentials.save(after, was):
        raise Overtaken
