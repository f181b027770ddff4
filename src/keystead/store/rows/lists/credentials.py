"""What a list of credentials may ask, and which index answers it.

Text is looked for in every row, in an index that holds nothing else (`credentials_search`): 100,000 rows
take 15 ms, and a token 110 bytes more. Indexes of three-letter parts were tried and left out. SQLite's (FTS5
`trigram`) takes 110 to 260 bytes, but half a millisecond of each commit that writes one token, where the rest
takes a fifth of that; and for the names that people give (`ci-deploy-…`), whose parts are in every row, it
is hardly quicker than reading all. PostgreSQL's (`pg_trgm`) is an extension that may not be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, or_, select

from keystead.core.clock import DAY
from keystead.credentials.lifecycle import EXPIRING_DAYS
from keystead.store.rows.lists.asked import Few, Filter, Lead, Order, Segment
from keystead.store.rows.lists.walk import Walk
from keystead.store.rows.paging import holds_text
from keystead.store.rows.statement import is_one_of
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from keystead.core.clock import Instant
    from keystead.ports.credentials import CredentialQuery
    from keystead.ports.paging import PageRequest, Position
    from keystead.store.rows.statement import Runner

__all__ = ["LIVING", "credential_places"]

_C: Final = tables.credentials.c
_U: Final = tables.last_use.c

LIVING: Final = _C.deleted_at.is_(None)

_CREATED: Final = "created_at"
_NAME: Final = "name"
_ENDING: Final = "expires_at"
_ENDLESS: Final = "endless"
_SEGMENTS: Final = {
    "created_at": (Segment(_CREATED, _C.created_at, "credentials_created"),),
    "name": (Segment(_NAME, _C.name_key, "credentials_by_name"),),
    # What has no end comes last, forwards and backwards.
    "expires_at": (
        Segment(_ENDING, _C.expires_at, "credentials_expires"),
        Segment(_ENDLESS, _C.expires_at, "credentials_expires", empty=True),
    ),
}

_ON: Final = and_(_C.revoked_at.is_(None), _C.disabled_at.is_(None))

_USES: Final = 8
_TEXT: Final = 4
"""How dear it is to look into the last uses, and for a text in whole rows."""


async def credential_places(
    run: Runner, query: CredentialQuery, page: PageRequest
) -> tuple[Sequence[Position], Position | None]:
    """Return the places of a page's credentials, and where the next page starts.

    The page may be short, though another follows: see `walk`.
    """
    owners = query.visible
    if query.owner_id is not None:
        only = frozenset({query.owner_id})
        owners = only if owners is None else owners & only
    # No text has a NUL, and no engine looks for one.
    if (owners is not None and not owners) or "\0" in (query.q or ""):
        return [], None
    order = Order(_SEGMENTS[query.sort.removeprefix("-")], query.sort.startswith("-"))
    values = {} if owners is None else {"owners": owners}
    walk = Walk(run, tables.credentials, LIVING, _filters(query, owners), values)
    return await walk.page(order, page)


def _filters(query: CredentialQuery, owners: frozenset[str] | None) -> list[Filter]:
    found: list[Filter] = []
    if owners is not None:
        found.append(_of(owners))
    if query.kind is not None:
        of_kind = _C.kind == query.kind
        found.append(Filter(of_kind, Few("credentials_name", (of_kind,))))
    if query.type is not None:
        found.append(Filter(_C.type == query.type))
    if query.state is not None:
        found.append(_in_state(query.state, query.at))
    if query.expires_before is not None:
        found.append(_ends_before(query.expires_before))
    if query.last_used_before is not None:
        found.append(Filter(~_used_since(query.last_used_before), cost=_USES))
    if query.q is not None:
        by_itself = not found and query.sort.endswith("created_at")
        found.append(_holding(query.q, by_itself=by_itself))
    return found


def _of(owners: frozenset[str]) -> Filter:
    if len(owners) > 1:
        seen = is_one_of(_C.owner_id, bindparam("owners"))
        return Filter(seen, Few("credentials_owner", (seen,), likely=True))
    # Most callers see only their own.
    (owner,) = owners
    mine = _C.owner_id == owner
    by_end = Lead("credentials_owner_ends", whole=(mine,), exact=True)
    leads = {
        _CREATED: Lead("credentials_owner", whole=(mine,), exact=True),
        _NAME: Lead("credentials_owner_names", whole=(mine,), exact=True),
        _ENDING: by_end,
        _ENDLESS: by_end,
    }
    return Filter(mine, Few("credentials_owner", (mine,), likely=True), leads)


def _in_state(state: str, at: Instant) -> Filter:
    """Describe `lifecycle.state` to the store; a property test holds the two together."""
    begun = and_(_ON, or_(_C.not_before.is_(None), _C.not_before <= at))
    soon = at + EXPIRING_DAYS * DAY
    match state:
        case "revoked":
            return _set_apart(_C.revoked_at.is_not(None), "credentials_revoked")
        case "disabled":
            off = and_(_C.revoked_at.is_(None), _C.disabled_at.is_not(None))
            return _set_apart(off, "credentials_off")
        case "not_yet_valid":
            ahead = _C.not_before > at
            few = Few("credentials_begins", (ahead,), likely=True)
            return Filter(and_(_ON, ahead), few)
        case "expired":
            return _ending(begun, high=_C.expires_at <= at)
        case "expiring":
            return _ending(begun, low=_C.expires_at > at, high=_C.expires_at <= soon)
        case _:
            endless, later = _C.expires_at.is_(None), _C.expires_at > soon
            leads = {
                _ENDING: Lead("credentials_expires", low=later),
                _ENDLESS: Lead("credentials_expires"),
            }
            few = Few("credentials_expires", (later, endless))
            return Filter(and_(begun, or_(endless, later)), few, leads)


def _set_apart(test: ColumnElement[bool], index: str) -> Filter:
    """Return the filter of a state that has indexes of its own."""
    by_end = Lead(f"{index}_ends", whole=(test,), exact=True)
    leads = {_CREATED: Lead(index, whole=(test,), exact=True), _ENDING: by_end, _ENDLESS: by_end}
    return Filter(test, Few(index, (test,)), leads)


def _ending(
    *more: ColumnElement[bool],
    high: ColumnElement[bool],
    low: ColumnElement[bool] | None = None,
    likely: bool = False,
) -> Filter:
    """Return the filter of what ends within bounds."""
    within = high if low is None else and_(low, high)
    leads = {_ENDING: Lead("credentials_expires", low=low, high=high), _ENDLESS: None}
    few = Few("credentials_expires", (within,), likely=likely)
    return Filter(and_(within, *more), few, leads)


def _ends_before(end: Instant) -> Filter:
    # Asked for by whoever renews or deletes them, so there are not many as a rule.
    return _ending(high=_C.expires_at < end, likely=True)


def _used_since(at: Instant) -> ColumnElement[bool]:
    # Asked of each row: who has never been used has no row there, and is not used lately either.
    used = select(_U.credential_id).where(_U.credential_id == _C.id, _U.at >= at)
    return used.correlate(tables.credentials).exists()


def _holding(text: str, *, by_itself: bool) -> Filter:
    held = holds_text(_C.search, text)
    few = Few("credentials_search", (held,), reads_all=True)
    if by_itself:
        # In the order of its index, it needs nothing else.
        return Filter(held, few, {_CREATED: Lead("credentials_search")})
    return Filter(held, few, cost=_TEXT)
