"""Last uses of secrets, and how often a credential was used, read beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from keystead.core.clock import DAY, HOUR, MINUTE
from keystead.credentials.record import LastUse
from keystead.ports.paging import Page
from keystead.ports.usage import Period
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.sql.compiler import SQLCompiler

    from keystead.ports.paging import PageRequest
    from keystead.ports.usage import UsageQuery
    from keystead.store.rows.statement import Runner

__all__ = ["KEPT", "last_uses", "used_in"]

_U: Final = tables.last_use.c
_P: Final = tables.used_in.c

KEPT: Final = ((MINUTE, 2 * DAY, HOUR), (HOUR, 90 * DAY, DAY))
"""For how long a period's count is kept by itself, and what it becomes part of then."""

_LAST_USES: Final = kept(
    select(_U.credential_id, _U.secret_n, _U.at, _U.address, _U.agent, _U.uses).where(
        is_one_of(_U.credential_id, bindparam("ids"))
    )
)


class of_newest(FunctionElement[str]):  # noqa: N801  # reads as an aggregate
    """The text that stands in a group's row with the newest instant."""

    inherit_cache = True
    name = "of_newest"


@compiles(of_newest, "sqlite")
def _by_printf(element: of_newest, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    text, at = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"substr(max(printf('%020d', {at}) || {text}), 21)"


@compiles(of_newest, "postgresql")
def _by_lpad(element: of_newest, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    text, at = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"substr(max(lpad(CAST({at} AS text), 20, '0') || {text}), 21)"


_LENGTH: Final = bindparam("length", type_=BigInteger)
_LOW: Final = bindparam("low", type_=BigInteger)
_HIGH: Final = bindparam("high", type_=BigInteger)
_START: Final = _P.start - _P.start % _LENGTH
_AFTER: Final = bindparam("after", type_=BigInteger)
_NAME: Final = _P.api + " " + _P.outcome
_PERIODS: Final = kept(
    select(
        _START.label("period"), func.max(_P.length), _P.api, _P.outcome, func.sum(_P.uses),
        func.min(_P.first_at), func.max(_P.last_at), of_newest(_P.address, _P.last_at),
        of_newest(_P.agent, _P.last_at),
    )
    .where(
        is_one_of(_P.credential_id, bindparam("ids")),
        _P.start >= _LOW,
        _P.start < _HIGH,
        or_(_START < _AFTER, and_(_START == _AFTER, bindparam("name", type_=_P.api.type) < _NAME)),
    )
    .group_by("period", _P.api, _P.outcome)
    .order_by(_START.desc(), _NAME)
    .limit(bindparam("size"))
)  # fmt: skip


async def last_uses(run: Runner, credential_ids: Collection[str]) -> dict[str, dict[int, LastUse]]:
    """Return each credential's last use per secret number."""
    found: dict[str, dict[int, LastUse]] = {}
    for id_, n, *use in await run.rows(_LAST_USES, {"ids": list(credential_ids)}):
        found.setdefault(id_, {})[n] = LastUse(*use)
    return found


async def used_in(
    run: Runner, credential_ids: Collection[str], query: UsageQuery, page: PageRequest
) -> Page[Period]:
    """See `ports.credentials.CredentialRecords.usage`."""
    end = 1 << 62
    after, name = page.after or (end, "")
    values = {
        "ids": list(credential_ids),
        "length": query.length,
        "low": query.after or 0,
        "high": end if query.before is None else query.before,
        "after": after,
        "name": name,
        "size": page.size + 1,
    }
    found = []
    for start, length, api, outcome, uses, *rest in await run.rows(_PERIODS, values):
        found.append(Period(start, max(length, query.length), api, outcome, int(uses), *rest))
    if len(found) <= page.size:
        return Page(tuple(found))
    last = found[page.size - 1]
    return Page(tuple(found[: page.size]), (last.start, f"{last.api} {last.outcome}"))
