"""The verb by which tokens of another system are taken over. Row F11."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from keystead.core.errors import Conflict, Forbidden, Invalid
from keystead.credentials.kind import API_TOKEN
from keystead.credentials.legacy import item_field, wrong_imports
from keystead.credentials.record import StoredSecret
from keystead.gate.acts.operation import Told, operation
from keystead.operations.credentials.issuing import (
    get_owner,
    new_credential,
    require_held,
    require_may_issue_for,
    require_within,
)
from keystead.policy.permissions import Permission
from keystead.ports.credentials import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keystead.credentials.legacy import ImportWish
    from keystead.credentials.record import Credential
    from keystead.gate.acts.act import Act
    from keystead.owners.owner import Owner

__all__ = ["import_legacy"]


@operation(
    "credential.import_legacy",
    needs=Permission.CREDENTIALS_CREATE,
    told=Told.ENTERED,
    # They make API keys, and these are tokens.
    key_admins=False,
)
async def import_legacy(act: Act, wishes: Sequence[ImportWish]) -> tuple[Listed, ...]:
    """Import tokens of another system by their SHA-256: all of them, or none.

    Raises:
        Invalid: fields are wrong or missing, with every such field of every item.
        Forbidden: an item is more than the presented credential, or its owner's credentials are not the
            caller's to issue.
        Conflict: another token has an item's name, or the token was imported before.
    """
    if wrong := wrong_imports(wishes, act.at, act.caller.apis, act.caller.organisation):
        raise Invalid.of(*wrong)
    owners: dict[str, Owner] = {}
    made: list[Listed] = []
    for place, each in enumerate(wishes):
        owner_id = each.owner_id or act.caller.owner_id
        with _naming(place):
            if owner_id not in owners:
                owners[owner_id] = await _owner_to_issue_for(act, owner_id)
            credential = new_credential(act, API_TOKEN.name, "static", owner_id, each.wish)
            require_held(act, credential, owners[owner_id])
            require_within(act, credential)
            stored = await _stored(act, credential, bytes.fromhex(each.sha256))
            await act.tx.credentials.insert(credential, stored)
        made.append(Listed(credential, owners[owner_id], (stored,), None, {}))
    _tell(act, made)
    return tuple(made)


async def _owner_to_issue_for(act: Act, owner_id: str) -> Owner:
    act.seek("owner", owner_id)
    await require_may_issue_for(
        act, owner_id, "owner_id is no owner whose credentials you may issue"
    )
    return await get_owner(act, owner_id)


async def _stored(act: Act, credential: Credential, sha256: bytes) -> StoredSecret:
    digester = act.keyring.digester
    # Its digest under an older pepper would not be in the way of the new one.
    before = await act.tx.credentials.find_presented(digester.legacy_candidates(sha256), None)
    if before is not None:
        raise Conflict("wrong_state", "the token was imported before; what was ended stays ended")
    pepper_n, digest, binding = digester.digest_legacy(sha256, credential.id)
    return StoredSecret(1, pepper_n, digest, act.at, binding=binding)


def _tell(act: Act, made: Sequence[Listed]) -> None:
    first = made[0].credential
    if len(made) == 1:
        act.about("credential", first.id, first.name, owner=first.owner_id)
    else:
        ids = ",".join(listed.credential.id for listed in made)
        act.about("credential", "", "", imported=len(made), credentials=ids)


@contextmanager
def _naming(place: int) -> Iterator[None]:
    """Have a refusal say which item it is about."""
    try:
        yield
    except (Conflict, Forbidden) as error:
        detail = f"{item_field(place)}: {error.detail}"
        raise type(error)(error.code, detail, rule=error.rule) from None
