"""Last uses in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select

from keystead.credentials.record import LastUse
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.store.rows.statement import Runner

__all__ = ["ADD_USE", "last_uses"]

_U: Final = tables.last_use.c

_LAST_USES: Final = kept(
    select(_U.credential_id, _U.secret_n, _U.at, _U.address, _U.agent, _U.uses).where(
        is_one_of(_U.credential_id, bindparam("ids"))
    )
)

ADD_USE: Final = """
INSERT INTO last_use (credential_id, secret_n, at, address, agent, uses)
VALUES (:credential_id, :secret_n, :at, :address, :agent, :count)
ON CONFLICT (credential_id, secret_n) DO UPDATE SET
  uses = uses + excluded.uses,
  address = CASE WHEN excluded.at >= at THEN excluded.address ELSE address END,
  agent = CASE WHEN excluded.at >= at THEN excluded.agent ELSE agent END,
  at = max(at, excluded.at)
"""
"""Adds a count and moves the last use forward, never back: two processes flush in any order."""


async def last_uses(run: Runner, credential_ids: Collection[str]) -> dict[str, dict[int, LastUse]]:
    """Return each credential's last use per secret number."""
    found: dict[str, dict[int, LastUse]] = {}
    for id_, n, *use in await run.rows(_LAST_USES, {"ids": list(credential_ids)}):
        found.setdefault(id_, {})[n] = LastUse(*use)
    return found
