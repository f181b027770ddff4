"""The organisation's settings in SQL: a row for each that was changed."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from msgspec import convert, json
from sqlalchemy import bindparam, delete, insert, select

from keystead.policy.organisation import Organisation
from keystead.store.rows.statement import kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.store.rows.generation import GenerationRows
    from keystead.store.rows.statement import Runner

__all__ = ["SettingRows"]

_S: Final = tables.settings.c
_NAMES: Final = tuple(field.name for field in fields(Organisation))
_VALUE: Final = json.Decoder()

_ALL: Final = kept(select(_S.name, _S.value))
_DROP: Final = kept(delete(tables.settings).where(_S.name == bindparam("wanted")))
_WRITE: Final = kept(insert(tables.settings).values({c.name: bindparam(c.name) for c in _S}))


class SettingRows:
    """`ports.settings.SettingRecords` over SQL."""

    def __init__(self, run: Runner, generation: GenerationRows, *, holds: bool) -> None:
        """Work within one transaction; one that `holds` lets nobody else change what it has found."""
        self._run = run
        self._generation = generation
        self._holds = holds

    async def organisation(self) -> Organisation:
        """See the port."""
        if self._holds:
            await self._generation.hold()
        found: dict[str, Any] = {}
        for name, value in await self._run.rows(_ALL, {}):
            if name in _NAMES:
                found[name] = _VALUE.decode(value)
        return convert(found, Organisation)

    async def save(self, before: Organisation, after: Organisation, by: str, at: Instant) -> None:
        """See the port."""
        changed = [name for name in _NAMES if getattr(before, name) != getattr(after, name)]
        for name in changed:
            await self._run.changed(_DROP, {"wanted": name})
            row = {
                "name": name,
                "value": json.encode(getattr(after, name)).decode(),
                "modified_by": by,
                "modified_at": at,
            }
            await self._run.changed(_WRITE, row)
        if changed:
            await self._generation.raise_for("settings", "", at)
