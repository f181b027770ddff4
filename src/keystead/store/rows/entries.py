"""Looks at the audit's entries: through one index, in its order, and never far without an answer.

Where a look has a filter that no index serves, it first asks how far `FARTHEST` entries go, and looks no
farther; whoever asks goes on from there with another look, and other work has its turn in between.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Integer, bindparam, func, select

from keystead.audit.chain import Place, SearchColumns, SignedHead, StoredEntry
from keystead.ports.audit import NEWEST, ChainState, Moment
from keystead.store.rows.statement import kept, lies_between
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Select

    from keystead.ports.audit import AuditQuery
    from keystead.store.rows.statement import Row, Runner

__all__ = [
    "CUTS",
    "FARTHEST",
    "HEADS",
    "Look",
    "Order",
    "Span",
    "all_chains",
    "along_chain",
    "along_time",
    "digests_at",
    "entry_from",
    "head_from",
    "heads_from",
    "last_of_chain",
    "look",
]

FARTHEST: Final = 2_000
"""Entries that one look examines at most: about 2 ms with SQLite, which reads on the loop's thread."""

HEADS: Final = "SELECT node, n, digest, key_n, mac FROM audit_heads"
CUTS: Final = "SELECT node, n, digest, key_n, mac FROM audit_cuts"
"""For whoever reads beside a running server, without a `Runner`."""

_E: Final = tables.audit_entries.c
_H: Final = tables.audit_heads.c
_C: Final = tables.audit_cuts.c
_HEAD_FIELDS: Final = ("n", "digest", "key_n", "mac")


class Order(Enum):
    """An index, by the columns that lead through it; a filter that it serves is its first column."""

    CHAIN = (_E.node, _E.n)
    OBJECT = (_E.object_id, _E.node, _E.n)
    CREDENTIAL = (_E.credential_id, _E.node, _E.n)
    TIME = (_E.at, _E.node, _E.n)


class Span(NamedTuple):
    """A part of an index.

    Attributes:
        low: what comes before it, as values of the index's columns; itself outside.
        high: what comes behind it; itself outside.
        rest: the filters that the index does not serve, with their values.
    """

    order: Order
    low: tuple[object, ...]
    high: tuple[object, ...]
    rest: Mapping[str, object]

    def values(self) -> dict[str, object]:
        """Return the bounds as `lies_between` names them."""
        named = {f"low_{i}": value for i, value in enumerate(self.low)}
        return named | {f"high_{i}": value for i, value in enumerate(self.high)}

    def up_to(self, edge: Sequence[Any], *, back: bool) -> Span:
        """Return its part that ends with an entry, which is inside."""
        last = _number(edge[-1])
        if back:
            return self._replace(low=(*edge[:-1], last - 1))
        return self._replace(high=(*edge[:-1], last + 1))


class Look(NamedTuple):
    """What a look found, and where it stopped; None where it came to the span's end."""

    entries: Sequence[StoredEntry]
    stopped: Moment | None


def along_chain(query: AuditQuery, node: int, low: int, high: int) -> Span:
    """Return the span of a chain's entries above one number and below another."""
    rest = _filters(query)
    rest.pop("node", None)
    order = Order.CHAIN
    lead: tuple[object, ...] = (node,)
    if query.object_id is not None:
        order, lead = Order.OBJECT, (rest.pop("object_id"), node)
    elif query.credential_id is not None:
        order, lead = Order.CREDENTIAL, (rest.pop("credential_id"), node)
    return Span(order, (*lead, low), (*lead, high), rest)


def along_time(query: AuditQuery, before: Moment) -> Span:
    """Return the span of all chains' entries before a moment, in the order of their instants."""
    rest = _filters(query)
    # No entry has a node below 0, so these lie just before the first one of their instant.
    low = Moment(rest.pop("after", -1), -1, -1)
    high = Moment(rest.pop("before", NEWEST.at), -1, -1)
    return Span(Order.TIME, low, min(high, before), rest)


async def look(run: Runner, span: Span, size: int, *, back: bool) -> Look:
    """Look for up to `size` entries from a span's beginning, or from its end back."""
    edge: Moment | None = None
    if span.rest:
        row = await run.row(_edge(span.order, back), span.values())
        if row is not None:
            edge = Moment(0, _number(row["node"]), _number(row["n"]))
            if span.order is Order.TIME:
                edge = edge._replace(at=_number(row["at"]))
            span = span.up_to(tuple(row), back=back)
    statement = _entries(span.order, frozenset(span.rest), back)
    rows = await run.rows(statement, {**span.values(), **span.rest, "size": size})
    found = [entry_from(row) for row in rows]
    if len(found) < size:
        return Look(found, edge)
    last = found[-1]
    return Look(found, Moment(_number(last.columns.at), last.node, last.n))


async def last_of_chain(run: Runner, node: int) -> int:
    """Return the number of a chain's last entry; 0 where it has none."""
    row = await run.row(_LAST, {"wanted": node})
    return 0 if row is None else _number(row["n"])


async def all_chains(run: Runner) -> list[ChainState]:
    """Return every chain of which an entry, a head or a cut is there, by node."""
    found = [
        ChainState(
            row["node"],
            _number(row["last"]),
            None if row["key_n"] is None else head_from(row),
            None if row["cut_key_n"] is None else _cut_from(row),
        )
        for row in await run.rows(_CHAINS, {})
        if isinstance(row["node"], int)
    ]
    return sorted(found)


async def digests_at(run: Runner, places: Collection[Place]) -> dict[Place, bytes]:
    """Return the digest of each of these entries that is there."""
    found: dict[Place, bytes] = {}
    for place in places:
        row = await run.row(_DIGEST, {"wanted": place.node, "number": place.n})
        if row is not None:
            found[place] = _bytes(row["digest"])
    return found


def head_from(row: Row) -> SignedHead:
    """Read a head; whoever changed the file may have put anything there, and it must not stop `verify`."""
    return SignedHead(
        _number(row["node"]),
        _number(row["n"]),
        _bytes(row["digest"]),
        _number(row["key_n"]),
        _bytes(row["mac"]),
    )


def heads_from(rows: Iterable[Row]) -> dict[int, SignedHead]:
    """Return the heads that `HEADS` or `CUTS` found, by node."""
    return {row["node"]: head_from(row) for row in rows}


def _cut_from(row: Row) -> SignedHead:
    return head_from({"node": row["node"]} | {name: row[f"cut_{name}"] for name in _HEAD_FIELDS})


def entry_from(row: Row) -> StoredEntry:
    """Read an entry; as `head_from`."""
    columns = SearchColumns(*(row[name] for name in SearchColumns._fields))
    return StoredEntry(
        _number(row["node"]),
        _number(row["n"]),
        _bytes(row["entry"]),
        _bytes(row["digest"]),
        columns,
    )


def _filters(query: AuditQuery) -> dict[str, Any]:
    given = {name: getattr(query, name) for name in _CONDITIONS}
    return {name: value for name, value in given.items() if value is not None}


_CONDITIONS: Final = {
    # A sum: by the node alone SQLite would walk its whole chain, and sort it.
    "node": _E.node + 0 == bindparam("node"),
    "verb": _E.verb == bindparam("verb"),
    "owner_id": _E.owner_id == bindparam("owner_id"),
    "credential_id": _E.credential_id == bindparam("credential_id"),
    "object_id": _E.object_id == bindparam("object_id"),
    "decision": _E.decision == bindparam("decision"),
    "after": _E.at >= bindparam("after"),
    "before": _E.at < bindparam("before"),
}


@cache
def _entries(order: Order, rest: frozenset[str], back: bool) -> Select[Any]:  # noqa: FBT001  # a part of the key
    statement = _within(select(*_E), order, back=back)
    statement = statement.where(*(_CONDITIONS[name] for name in sorted(rest)))
    return kept(statement.limit(bindparam("size", type_=Integer)))


@cache
def _edge(order: Order, back: bool) -> Select[Any]:  # noqa: FBT001  # a part of the key
    statement = _within(select(*order.value), order, back=back)
    return kept(statement.limit(1).offset(FARTHEST - 1))


def _within(statement: Select[Any], order: Order, *, back: bool) -> Select[Any]:
    """Bound a statement by a span, and give it the span's order."""
    columns = order.value
    lead = 0 if order is Order.TIME else len(columns) - 1
    in_order = [c.desc() if back else c.asc() for c in columns]
    return statement.where(lies_between(columns, lead)).order_by(*in_order)


def _all_chains() -> Select[Any]:
    # Each node is found from the one before it: the entries are too many to be asked for all of theirs.
    seen = select(func.min(_E.node).label("node")).cte("seen", recursive=True)
    later = select(func.min(_E.node)).where(_E.node > seen.c.node).scalar_subquery()
    seen = seen.union_all(select(later).where(seen.c.node.is_not(None)))
    known = (
        select(seen.c.node).where(seen.c.node.is_not(None)).union(select(_H.node), select(_C.node))
    )
    nodes = known.subquery("nodes").c
    last = select(func.max(_E.n)).where(_E.node == nodes.node).scalar_subquery()
    heads = nodes.node.table.outerjoin(tables.audit_heads, _H.node == nodes.node)
    cuts = heads.outerjoin(tables.audit_cuts, _C.node == nodes.node)
    cut = [_C[name].label(f"cut_{name}") for name in _HEAD_FIELDS]
    found = select(nodes.node, last.label("last"), _H.n, _H.digest, _H.key_n, _H.mac, *cut)
    return kept(found.select_from(cuts))


_CHAINS: Final = _all_chains()
_LAST: Final = kept(
    select(_E.n).where(_E.node == bindparam("wanted")).order_by(_E.n.desc()).limit(1)
)
_DIGEST: Final = kept(
    select(_E.digest).where(_E.node == bindparam("wanted"), _E.n == bindparam("number"))
)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
