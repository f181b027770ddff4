"""Which credentials were ever given access to an API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import String, bindparam, exists, insert, select

from keystead.core.errors import Conflict
from keystead.policy.permissions import KEYSTEAD_API
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from keystead.credentials.record import Credential
    from keystead.store.rows.statement import Runner

__all__ = ["note_apis"]

_A: Final = tables.credential_apis.c
_R: Final = tables.apis.c
# Held until the end, so that none of them is deleted for good meanwhile and its identifier another's.
_HOLD_APIS: Final = kept(
    select(_R.id)
    .where(is_one_of(_R.identifier, bindparam("named")))
    .with_for_update(read=True, key_share=True)
)
_NOTE_API: Final = kept(
    insert(tables.credential_apis).from_select(
        ["identifier", "credential_id"],
        select(bindparam("api", type_=String), bindparam("holder", type_=String)).where(
            ~exists().where(
                _A.identifier == bindparam("api"), _A.credential_id == bindparam("holder")
            )
        ),
    )
)


async def note_apis(run: Runner, credential: Credential) -> None:
    """Note the APIs that a credential has access to.

    What access was given and taken again stays noted: who asks for holders looks at the records too.

    Raises:
        Conflict: one of them is gone.
    """
    named = sorted({entry.api for entry in credential.access} - {KEYSTEAD_API})
    if not named:
        return
    if len(await run.rows(_HOLD_APIS, {"named": named})) < len(named):
        raise Conflict("wrong_state", "an API that it has access to was deleted meanwhile")
    for api in named:
        await run.changed(_NOTE_API, {"api": api, "holder": credential.id})
