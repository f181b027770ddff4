"""What a key was before a refresh with overlap: a row of its own that follows the one in its place.

It is out of the lists, its name is the new one's, and it is recognised like any other row. Whatever is
written of the new one is written of it too, so that no use has to look at both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, exists, func, or_, select, update

from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential
    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Runner

__all__ = ["FormerRows"]

_C: Final = tables.credentials.c
_S: Final = tables.credential_secrets.c

_SHARED: Final = (
    "name", "name_key", "description", "search", "access", "networks", "not_before", "disabled_at",
    "revoked_at", "metadata", "modified_at",
)  # fmt: skip
_FOLLOW: Final = kept(
    update(tables.credentials)
    .where(_C.id == bindparam("former"))
    .values({name: bindparam(name) for name in (*_SHARED, "expires_at")})
)
_RETIRE: Final = kept(
    update(tables.credential_secrets)
    .where(
        _S.credential_id == bindparam("former"),
        or_(_S.retires_at.is_(None), _S.retires_at > bindparam("end")),
    )
    .values(retires_at=bindparam("end"))
)
_SET_ASIDE: Final = kept(
    update(tables.credentials)
    .where(_C.id == bindparam("wanted"), _C.deleted_at.is_(None))
    .values(deleted_at=bindparam("now"))
)
_SUCCESSOR: Final = kept(
    select(_C.id).where(_C.former_id == bindparam("wanted"), _C.deleted_at.is_(None))
)
_REVOKE: Final = kept(
    update(tables.credentials)
    .where(_C.id == bindparam("former"))
    .values(revoked_at=func.coalesce(_C.revoked_at, bindparam("now")))
)
# The row of the one in its place first, as in every other act: else two of them might wait for each other.
_FIRST_USE: Final = kept(
    update(tables.credentials)
    .where(
        _C.id == bindparam("wanted"),
        _C.former_ends_at > bindparam("now"),
        exists().where(_S.credential_id == _C.id, _S.n == bindparam("number"), _S.ends_older == 1),
    )
    .values(former_ends_at=bindparam("now"))
    .returning(_C.former_id)
)
_END: Final = kept(
    update(tables.credentials)
    .where(_C.id == bindparam("former"))
    .values(expires_at=bindparam("now"))
)


class FormerRows:
    """The part of `ports.credentials.CredentialRecords` that is about former ids."""

    def __init__(self, run: Runner, generation: GenerationRows) -> None:
        """Work within one transaction."""
        self._run = run
        self._generation = generation

    async def set_aside(self, credential_id: str, at: Instant) -> bool:
        """See the port."""
        return bool(await self._run.changed(_SET_ASIDE, {"wanted": credential_id, "now": at}))

    async def follow(self, credential: Credential, row: Mapping[str, object]) -> None:
        """Let a former id be what the credential is, until its own end."""
        end = credential.former_ends_at
        if credential.former_id is None or end is None:
            return
        values = {name: row[name] for name in _SHARED}
        values["former"] = credential.former_id
        values["expires_at"] = (
            end if credential.expires_at is None else min(end, credential.expires_at)
        )
        await self._run.changed(_FOLLOW, values)
        await self._retire(credential.former_id, end, credential.modified_at)

    async def successor_of(self, former_id: str) -> str | None:
        """See `CredentialRecords.find_successor_id`."""
        row = await self._run.row(_SUCCESSOR, {"wanted": former_id})
        return None if row is None else str(row[0])

    async def revoke(self, former_id: str, at: Instant) -> None:
        """End it with what took its place."""
        await self._run.changed(_REVOKE, {"former": former_id, "now": at})
        await self._generation.raise_for("credential", former_id, at)

    async def end_before(self, credential_id: str, n: int, at: Instant) -> None:
        """End it at the first use of a secret that ends older ones."""
        values = {"wanted": credential_id, "number": n, "now": at}
        row = await self._run.row(_FIRST_USE, values)
        if row is not None:
            await self._run.changed(_END, {"former": row[0], "now": at})
            await self._retire(row[0], at, at)

    async def _retire(self, former_id: str, end: Instant, at: Instant) -> None:
        await self._run.changed(_RETIRE, {"former": former_id, "end": end})
        await self._generation.raise_for("credential", former_id, at)
