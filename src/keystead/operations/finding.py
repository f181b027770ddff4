"""Finding and keeping the one credential that a verb is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import NotFound, Overtaken
from keystead.policy.key_admin import MANAGED

if TYPE_CHECKING:
    from keystead.credentials.record import Credential
    from keystead.gate.acts.act import Act
    from keystead.policy.permissions import Permission
    from keystead.ports.credentials import Listed

__all__ = ["get_credential", "get_self", "reach_credential", "save_credential"]


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
    presented = act.caller.credential.id
    records = act.tx.credentials
    listed = await records.find(presented) or await records.find_successor(presented)
    if listed is None:
        raise NotFound("credential")
    return listed


async def reach_credential(act: Act, credential_id: str, permission: Permission) -> Listed:
    """Return one that the caller reaches with a permission, and name it for the entry.

    Raises:
        NotFound: there is none, or it is not the caller's to see.
    """
    act.seek("credential", credential_id)
    listed = await get_credential(act, credential_id)
    found = listed.credential
    if not act.caller.reaches(found.owner_id, permission):
        raise NotFound("credential")
    if act.caller.is_key_admin and (found.kind, found.type) != MANAGED:
        raise NotFound("credential")
    act.about("credential", credential_id, found.name)
    return listed


async def save_credential(act: Act, after: Credential, was: int) -> None:
    """Keep a changed credential if its revision is still `was`.

    Raises:
        Conflict: it is not; or the name is taken.
    """
    if not await act.tx.credentials.save(after, was):
        raise Overtaken
