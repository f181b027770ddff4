"""A million expired access tokens are deleted while a program works: how long do its requests wait?

Tokens are asked for and told, one after another on one connection, for a minute before the clean-up begins
(upkeep looks once a minute) and until the last is gone.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from http.client import HTTPConnection
from itertools import cycle
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

from bench.figures import Figure
from bench.minted import end_all
from bench.oauth import GRANT, INTROSPECT, stocked
from keystead.store.sqlite.connection import DATABASE
from tests.oauth.asking import FORM, TOKEN
from tests.running import start

if TYPE_CHECKING:
    from pathlib import Path

    from bench.oauth import Stocked

__all__ = ["measure"]

EXPIRED: Final = int(os.environ.get("KEYSTEAD_BENCH_EXPIRED", "1000000"))
_PATIENCE: Final = 1800.0
_LOOK: Final = 0.5


class Waits(NamedTuple):
    """How many milliseconds each request took."""

    issued: list[float]
    told: list[float]

    @property
    def shown(self) -> str:
        return "; ".join(
            f"{what}: median {median(ms):.1f} ms, p99.9 {quantiles(ms, n=1000)[998]:.1f} ms, "
            f"slowest {max(ms):.1f} ms of {len(ms):,}"
            for what, ms in (("issue", self.issued), ("introspection", self.told))
        )


def measure(place: Path) -> list[Figure]:
    place.mkdir()
    found = stocked(place / "ended", EXPIRED)
    found.server.stop()
    last = end_all(found.server.data)
    admin = {"admin_token": found.server.admin_token, "admin_password": ""}
    found = found._replace(server=start(found.server.data, admin))
    try:
        before, during, took = _watched(found, last)
    finally:
        found.server.stop()
    delay = max(max(a) - median(b) for a, b in zip(during, before, strict=True))
    # Nothing is cleaned up in the first minute: what is slow there is slow for other reasons.
    other = max(max(ms) - median(ms) for ms in before)
    shown = f"{delay:.1f} ms over the median before; {other:.1f} ms while nothing is cleaned up"
    return [
        Figure("before", before.shown),
        Figure(f"while {last:,} expired tokens are deleted, in {took:.0f} s", during.shown),
        Figure("the longest delay", shown, "< 20 ms", delay < 20),
    ]


def _watched(found: Stocked, last: int) -> tuple[Waits, Waits, float]:
    before, during = Waits([], []), Waits([], [])
    connection = HTTPConnection(found.server.url.removeprefix("http://"), timeout=60)
    asker = {"Authorization": f"Bearer {found.key}"}
    forms = cycle(f"{GRANT}&{urlencode(each.pairs)}" for each in found.opaque)
    begun = since = looked = time.perf_counter()
    first = 1
    with closing(sqlite3.connect(found.server.data / DATABASE)) as base:
        while first <= last:
            assert looked - begun < _PATIENCE, f"{last - first + 1:,} tokens are left"
            waits = before if first == 1 else during
            ms, given = _asked(connection, TOKEN, next(forms), {})
            waits.issued.append(ms)
            ms, told = _asked(connection, INTROSPECT, f"token={given['access_token']}", asker)
            waits.told.append(ms)
            assert told["active"]
            now = time.perf_counter()
            if now - looked > _LOOK:
                looked = now
                # The oldest rows go first.
                first = base.execute("SELECT min(row) FROM access_tokens").fetchone()[0]
                since = now if waits is before else since
            time.sleep(0.002)
    connection.close()
    return before, during, looked - since


def _asked(
    connection: HTTPConnection, path: str, form: str, headers: dict[str, str]
) -> tuple[float, Any]:
    begun = time.perf_counter()
    connection.request("POST", path, body=form, headers={"Content-Type": FORM, **headers})
    answer = connection.getresponse()
    body = answer.read()
    spent = (time.perf_counter() - begun) * 1000
    assert answer.status == 200, body
    return spent, json.loads(body)
