"""What a change of a catalogue does to whom: the scopes that credentials gain and lose by it.

It is found out outside of the act that makes the change: an API may have as many holders as a business has
customers, and no other act waits until they are looked through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from keystead.policy.permissions import Permission
from keystead.policy.scopes import scopes_for
from keystead.ports.paging import Page, PageRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.gate.callers.caller import Caller
    from keystead.policy.catalogue.catalogue import API
    from keystead.policy.scopes import Access
    from keystead.ports.apis import Holder
    from keystead.ports.store import Tx

__all__ = ["MAX_LOOKED_AT", "NO_EFFECT", "Affected", "Effect", "effect_of"]

MAX_LOOKED_AT: Final = 10_000
"""Credentials that one look goes through; where each was given something else, it takes half a second."""

_PORTION: Final = 500
"""Credentials read at once."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A credential for which something changes, and the scopes it gains and loses, sorted."""

    holder: Holder
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """For whom a change matters.

    Attributes:
        credentials: for how many something changes.
        gaining: how many of them gain a scope; they may lose another.
        losing: how many of them lose a scope.
        complete: every credential was looked at; else the first `MAX_LOOKED_AT` by id.
        shown: a page of those that the caller may list, by id.
    """

    credentials: int
    gaining: int
    losing: int
    complete: bool
    shown: Page[Affected]


NO_EFFECT: Final = Effect(0, 0, 0, complete=True, shown=Page(()))


async def effect_of(
    tx: Tx, caller: Caller, before: API, after: API | None, page: PageRequest
) -> Effect:
    """Find out for whom a change matters.

    Args:
        tx: on one consistent state.
        caller: who asks; the credentials that he may not list are counted, not named.
        before: the API as it is.
        after: as it would be; None where it would be deleted.
        page: which of them to name; a position is the id of the credential before.
    """
    actions = {} if after is None else after.actions
    if actions == before.actions:
        return NO_EFFECT
    holders = await _holders(tx, before.identifier)
    # Most of an API's holders were given the same.
    seen: dict[object, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    found: list[Affected] = []
    for holder in holders[:MAX_LOOKED_AT]:
        entries = [entry for entry in holder.access if entry.api == before.identifier]
        key = tuple((entry.scopes, *entry.levels.items()) for entry in entries)
        if key not in seen:
            seen[key] = _change(entries, before, actions)
        gains, loses = seen[key]
        if gains or loses:
            found.append(Affected(holder, gains, loses))
    return Effect(
        credentials=len(found),
        gaining=sum(bool(each.gains) for each in found),
        losing=sum(bool(each.loses) for each in found),
        complete=len(holders) <= MAX_LOOKED_AT,
        shown=_page_of([each for each in found if _may_be_named(caller, each.holder)], page),
    )


async def _holders(tx: Tx, identifier: str) -> list[Holder]:
    """Return up to one more than are looked at, so that it is seen whether there are more."""
    found: list[Holder] = []
    while (left := MAX_LOOKED_AT + 1 - len(found)) > 0:
        after = found[-1].credential_id if found else ""
        portion = await tx.apis.holders(identifier, after, min(_PORTION, left))
        found += portion
        if len(portion) < _PORTION:
            break
    return found


def _page_of(found: list[Affected], page: PageRequest) -> Page[Affected]:
    start = "" if page.after is None else page.after[1]
    rest = [each for each in found if each.holder.credential_id > start]
    shown = rest[: page.size]
    last = shown[-1].holder.credential_id if len(rest) > page.size else None
    return Page(tuple(shown), None if last is None else (last, last))


def _change(
    access: list[Access], before: API, actions: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is gained and what is lost of such access."""
    had = scopes_for(before.identifier, access, before.actions)
    has = scopes_for(before.identifier, access, actions)
    return tuple(sorted(has - had)), tuple(sorted(had - has))


def _may_be_named(caller: Caller, holder: Holder) -> bool:
    wanted = Permission.CREDENTIALS_LIST
    return caller.permits(wanted) and caller.reaches(holder.owner_id, wanted)
