"""Verbs about the audit. Reading it is entered too. Row K17.

Whatever looks at many entries does so in bounded looks, each in a reading transaction of its own: no act
waits for it, and other lists have their turn in between. A list is looked up before its act: what is found
is answered once the act has entered that it was asked for.
"""

from __future__ import annotations

from functools import partial
from itertools import count, filterfalse
from typing import TYPE_CHECKING, Final

from keystead.audit.joins import chain_fact
from keystead.audit.pages import Found, Page, newest_page, next_page
from keystead.audit.verification import Verification
from keystead.core.clock import format_instant
from keystead.gate.acts.operation import Told, operation
from keystead.policy.permissions import Permission
from keystead.ports.audit import NEWEST, AuditQuery, Moment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

    from keystead.audit.chain import Place, SignedHead, StoredEntry
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation
    from keystead.ports.audit import AuditRecords, ChainState, Part
    from keystead.ports.store import Tx

    Look = Callable[[AuditQuery, Moment, int], Awaitable[Part]]

__all__ = [
    "begin_export",
    "begin_verification",
    "continue_export",
    "continue_verification",
    "list_events",
    "read_joined",
]

_ALL: Final = AuditQuery()

_MOST_LOOKS: Final = 50
"""Behind a cursor and in each chain; the page then says that there is more, wherever it is."""


async def _looked_up(
    slow: Preparation, query: AuditQuery, since: Mapping[int, int] | None, size: int, /
) -> Page:
    chains = await slow.read(lambda tx: tx.audit.chains())
    wanted = [chain for chain in chains if query.node in {None, chain.node}]
    if since is not None:
        return await _after(slow, query, wanted, since, size)
    return await _newest(slow, query, wanted, size)


@operation("audit.read", needs=Permission.AUDIT_READ, told=Told.ENTERED, prepare=_looked_up)
async def list_events(
    act: Act, page: Page, _query: AuditQuery, _since: Mapping[int, int] | None, _size: int
) -> Page:
    """Return up to so many entries of all chains after a cursor, or the newest ones."""
    act.about("audit", "", "events")
    return page


@operation("audit.export", needs=Permission.AUDIT_EXPORT, told=Told.ENTERED)
async def begin_export(act: Act, query: AuditQuery = _ALL) -> Sequence[ChainState]:
    """Begin an export, and return the chains, each to be exported to its present end."""
    chains = await _begin(act, "export", **_written(query))
    return [chain for chain in chains if query.node in {None, chain.node}]


@operation("audit.verify", needs=Permission.AUDIT_READ, told=Told.ENTERED)
async def begin_verification(act: Act) -> tuple[Verification, Sequence[ChainState]]:
    """Begin a verification, and return who does it and the chains, each to be read to its present end."""
    chains = await _begin(act, "verify")
    cuts = [chain.cut for chain in chains if chain.cut is not None]
    return Verification(act.keyring.audit, cuts=cuts), chains


@operation("audit.export_more", needs=Permission.AUDIT_EXPORT, told=Told.COUNTED, browses=True)
async def continue_export(
    act: Act, node: int, since: int, size: int, query: AuditQuery = _ALL
) -> Part:
    """Look on through a chain for an export that was entered; it stops if the credential is revoked."""
    return await act.tx.audit.onwards(query, Moment(0, node, since), size)


@operation("audit.verify_more", needs=Permission.AUDIT_READ, told=Told.COUNTED, browses=True)
async def continue_verification(
    act: Act, node: int, since: int, size: int
) -> tuple[Part, Sequence[SignedHead]]:
    """Return a chain's next entries, and where chains begin now; it stops if the credential is revoked."""
    part = await act.tx.audit.onwards(_ALL, Moment(0, node, since), size)
    return part, await _cuts(act)


@operation("audit.verify_joined", needs=Permission.AUDIT_READ, told=Told.COUNTED, browses=True)
async def read_joined(
    act: Act, places: Collection[Place]
) -> tuple[Mapping[Place, bytes], Sequence[SignedHead]]:
    """Return the digests of entries that other chains join, and where chains begin now."""
    return await act.tx.audit.digests(places), await _cuts(act)


async def _cuts(act: Act) -> Sequence[SignedHead]:
    """Return what was cut by now: after what was read, so that whatever was missing by it is told."""
    return [chain.cut for chain in await act.tx.audit.chains() if chain.cut is not None]


def _written(query: AuditQuery) -> dict[str, str]:
    """Return what a query asks for, as facts: whoever reads of an export knows what left."""
    given = {
        "node": query.node,
        "verb": query.verb,
        "owner": query.owner_id,
        "credential": query.credential_id,
        "object": query.object_id,
        "decision": query.decision,
        "after": None if query.after is None else format_instant(query.after),
        "before": None if query.before is None else format_instant(query.before),
    }
    return {f"only_{name}": str(value) for name, value in given.items() if value is not None}


async def _begin(act: Act, what: str, **facts: str) -> Sequence[ChainState]:
    chains = await act.tx.audit.chains()
    ends = {chain_fact(chain.node): chain.end for chain in chains}
    act.about("audit", "", what, **ends, **facts)
    return chains


async def _after(
    slow: Preparation,
    query: AuditQuery,
    chains: Iterable[ChainState],
    since: Mapping[int, int],
    size: int,
) -> Page:
    found = {}
    for chain in chains:
        start = Moment(0, chain.node, since.get(chain.node, 0))
        # One more than fits tells that there is more.
        part = await _search(slow, lambda audit: audit.onwards, query, start, size + 1, _MOST_LOOKS)
        found[chain.node] = Found(part.entries, part.reached.n, part.is_last)
    return next_page(since, found, size)


async def _newest(
    slow: Preparation, query: AuditQuery, chains: Sequence[ChainState], size: int
) -> Page:
    ends = {chain.node: chain.last for chain in chains}
    found: list[StoredEntry] = []
    if _goes_along_chains(query, chains):
        for chain in chains:
            end = Moment(0, chain.node, chain.last + 1)
            found += (await _search(slow, lambda audit: audit.backwards, query, end, size)).entries
    else:
        # What was entered meanwhile is behind the cursor that is answered, and is found from there.
        late = partial(_is_behind, ends)
        found += (
            await _search(slow, lambda audit: audit.latest, query, NEWEST, size, but=late)
        ).entries
    return newest_page(ends, found, size)


def _goes_along_chains(query: AuditQuery, chains: Sequence[ChainState]) -> bool:
    """Whether to look back along each chain, where an index leads from its end through what may match.

    Of several chains without one the end of each may lie at a time of its own; one alone is walked six times
    as fast as by the order of time.
    """
    if query.object_id is not None or query.credential_id is not None:
        return True
    return len(chains) == 1 and query.before is None


async def _search(
    slow: Preparation,
    way: Callable[[AuditRecords], Look],
    query: AuditQuery,
    place: Moment,
    size: int,
    most_looks: int | None = None,
    but: Callable[[StoredEntry], bool] | None = None,
) -> Part:
    """Look on from a place until `size` entries are found, nothing is left, or enough was looked at."""
    found: list[StoredEntry] = []

    async def look(tx: Tx) -> Part:
        return await way(tx.audit)(query, place, size - len(found))

    for looks in count(1):
        part = await slow.read(look)
        found += filterfalse(but, part.entries) if but else part.entries
        if part.is_last or len(found) >= size or looks == most_looks:
            return part._replace(entries=found)
        place = part.reached
    raise AssertionError


def _is_behind(ends: Mapping[int, int], entry: StoredEntry) -> bool:
    return entry.n > ends.get(entry.node, 0)
