"""Last uses of secrets, and how often credentials were used, read beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, bindparam, select

from keystead.core.clock import Instant
from keystead.credentials.record import LastUse
from keystead.ports.paging import Page
from keystead.ports.usage import Period
from keystead.store.counting import Used, rolled
from keystead.store.rows.statement import is_one_of, kept
from keystead.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection

    from keystead.ports.paging import PageRequest
    from keystead.ports.usage import UsageQuery
    from keystead.store.rows.statement import Runner

__all__ = ["UsageRows", "last_uses"]

_U: Final = tables.last_use.c
_P: Final = tables.used_in.c

_SLAB: Final = 2_000
"""Rows that are read at once; a period has more only where it is of many APIs and outcomes, by the minute."""

_END: Final = 1 << 62

_LAST_USES: Final = kept(
    select(_U.credential_id, _U.secret_n, _U.at, _U.address, _U.agent, _U.uses).where(
        is_one_of(_U.credential_id, bindparam("ids"))
    )
)
_USED: Final = kept(
    select(
        _P.credential_id, _P.start, _P.length, _P.api, _P.outcome, _P.uses, _P.first_at, _P.last_at,
        _P.address, _P.agent,
    )
    .where(
        is_one_of(_P.credential_id, bindparam("ids")),
        _P.start >= bindparam("low", type_=BigInteger),
        _P.start < bindparam("high", type_=BigInteger),
    )
    .order_by(_P.start.desc())
    .limit(bindparam("size"))
)  # fmt: skip


async def last_uses(run: Runner, credential_ids: Collection[str]) -> dict[str, dict[int, LastUse]]:
    """Return each credential's last use per secret number."""
    found: dict[str, dict[int, LastUse]] = {}
    for id_, n, *use in await run.rows(_LAST_USES, {"ids": list(credential_ids)}):
        found.setdefault(id_, {})[n] = LastUse(*use)
    return found


class UsageRows:
    """`ports.usage.UsageReads` over SQL."""

    def __init__(self, run: Runner) -> None:
        """Work within one transaction."""
        self._run = run

    async def page(
        self, credential_ids: Collection[str], query: UsageQuery, page: PageRequest
    ) -> Page[Period]:
        """See the port."""
        at, name = page.after or (_END, "")
        after = _END if not isinstance(at, int) else at
        # From the period on of which a part may have been told.
        high = min(_END if query.before is None else query.before, after + query.length)
        found: list[Period] = []
        size = _SLAB
        while True:
            values = {"ids": list(credential_ids), "low": query.after or 0, "high": high}
            rows = [Used(*row) for row in await self._run.rows(_USED, {**values, "size": size})]
            is_last = len(rows) < size
            whole = rows if is_last else _but_oldest(rows, query.length)
            if not whole and not is_last:
                size *= 2
                continue
            told = _periods(whole, query.length)
            found += [p for p in told if (-p.start, _name(p)) > (-after, name)]
            if is_last or len(found) > page.size:
                break
            high = whole[-1].start - whole[-1].start % query.length
        if len(found) <= page.size:
            return Page(tuple(found))
        last = found[page.size - 1]
        return Page(tuple(found[: page.size]), (last.start, _name(last)))


def _but_oldest(rows: list[Used], length: int) -> list[Used]:
    """Leave out the rows of the oldest period, of which there may be more."""
    oldest = rows[-1].start // length
    return [row for row in rows if row.start // length != oldest]


def _periods(rows: list[Used], length: int) -> list[Period]:
    """Return the periods of rows, of whatever credential, the newest first."""
    together = (row._replace(credential_id="") for row in rows)
    found = [
        Period(Instant(each.start), each.length, *each[3:]) for each in rolled(together, length)
    ]
    return sorted(found, key=lambda each: (-each.start, _name(each)))


def _name(period: Period) -> str:
    return f"{period.api} {period.outcome}"
