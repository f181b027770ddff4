"""OAuth by the ordinary door: issue and introspection, alone and beside a million live tokens.

Two hundred clients ask by turns, as many programs would; one that asks alone is past its cap of live tokens
after a moment, from where on each of its requests ends its oldest token too.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from bench import floor
from bench.figures import Figure
from bench.load import SECONDS, Load, load
from bench.minted import add_live
from tests.doors.registering import access, register
from tests.oauth.asking import FORM, TOKEN, Client, basic, client
from tests.running import Server, initialise, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["GRANT", "INTROSPECT", "LIVE", "Stocked", "issued", "measure", "stocked"]

LIVE: Final = int(os.environ.get("KEYSTEAD_BENCH_LIVE", "1000000"))
GRANT: Final = "grant_type=client_credentials"
INTROSPECT: Final = "/oauth/introspect"
_CLIENTS: Final = 200
_SHOWN: Final = 50_000
_OFTEN: Final = 2_000
_GRANTED: Final = '"access_token":"'
_ACTIVE: Final = '"active":true'


class Stocked(NamedTuple):
    """A server with clients of an API that takes opaque tokens, and of one that takes JWTs.

    Attributes:
        alone: one more client of the former, which has no token yet.
        key: of the opaque API's owner, who may introspect.
        shown: live tokens for that API.
    """

    server: Server
    opaque: list[Client]
    signed: list[Client]
    alone: Client
    key: str
    shown: list[str]


def stocked(data: Path, live: int = 0) -> Stocked:
    """Serve an installation with so many live tokens beside those that are shown."""
    admin = initialise(data)
    server = start(data, admin)
    try:
        api = register(server)
        jwt = register(server, token_format="jwt")  # a form, not a token
        opaque = [client(server, access=[access(api, "scan:read")]) for _ in range(_CLIENTS)]
        signed = [client(server, access=[access(jwt, "scan:read")]) for _ in range(_CLIENTS)]
        alone = client(server, access=[access(api, "scan:read")])
        key, _ = server.token("tokens:verify")
    finally:
        server.stop()
    grants = json.dumps({api["identifier"]: ["scan:read"]}, separators=(",", ":"))
    ids = [each.record["id"] for each in opaque]
    shown = add_live(data, ids, grants, _SHOWN, max(live - _SHOWN, 0))
    return Stocked(start(data, admin), opaque, signed, alone, key, shown)


def issued(server: Server, clients: list[Client], seconds: float = SECONDS) -> Load:
    """Let clients ask by turns, id and secret in the form."""
    bodies = [f"{GRANT}&{urlencode(each.pairs)}" for each in clients]
    return load(
        server,
        TOKEN,
        token="",
        method="POST",
        headers={"Content-Type": FORM},
        bodies=bodies,
        holds=_GRANTED,
        seconds=seconds,
    )


def introspected(found: Stocked, tokens: list[str], seconds: float = SECONDS) -> Load:
    """Let the API ask about tokens by turns."""
    return load(
        found.server,
        INTROSPECT,
        token=found.key,
        method="POST",
        headers={"Content-Type": FORM},
        bodies=[f"token={token}" for token in tokens],
        holds=_ACTIVE,
        seconds=seconds,
    )


def measure(place: Path) -> list[Figure]:
    place.mkdir()
    found, rate = floor.measure(place)
    few, many = stocked(place / "few"), stocked(place / "many", LIVE)
    try:
        found += _alone(few, rate)
        found += _beside(few, many)
        intact = [
            each.server.call("GET", "/api/v1/audit/verify").json()["intact"] for each in (few, many)
        ]
    finally:
        few.server.stop()
        many.server.stop()
    shown = "intact" if all(intact) else "BROKEN"
    return [*found, Figure("the chains afterwards", shown, "intact", all(intact))]


def _alone(few: Stocked, rate: float) -> list[Figure]:
    server, one = few.server, few.alone
    capped = load(
        server,
        TOKEN,
        token="",
        method="POST",
        headers={"Content-Type": FORM, "Authorization": basic(one.id, one.secret)},
        template=GRANT,
        holds=_GRANTED,
    )
    return [
        _figure("opaque tokens issued, by 200 clients", issued(server, few.opaque), 3000, rate),
        _figure("JWTs by ES256 issued, by 200 clients", issued(server, few.signed), 2500, rate),
        _figure("opaque tokens issued to one client past its cap", capped, None, rate),
        _figure(
            f"introspection, of {_OFTEN:,} tokens again and again",
            introspected(few, few.shown[:_OFTEN]),
            5000,
            rate,
        ),
        _figure(
            "introspection, of each token for the first time",
            introspected(few, few.shown[_OFTEN:]),
            None,
            rate,
        ),
    ]


def _beside(few: Stocked, many: Stocked) -> list[Figure]:
    """Ask both by turns, so that whatever else the machine does befalls both."""
    seconds = max(SECONDS / 2, 2)
    works: dict[str, Callable[[Stocked], Load]] = {
        "opaque tokens issued": lambda each: issued(each.server, each.opaque, seconds),
        "JWTs issued": lambda each: issued(each.server, each.signed, seconds),
        "introspection": lambda each: introspected(each, each.shown[:_OFTEN], seconds),
    }
    found = []
    for work, measured in works.items():
        runs = [(measured(few), measured(many)) for _ in range(2)]
        wrong = sum(load.wrong for pair in runs for load in pair)
        small, large = (max(loads, key=lambda load: load.rate) for loads in zip(*runs, strict=True))
        ratio = large.rate / small.rate
        shown = f"{ratio:.2f}: {large.shown}; {small.shown}"
        met = ratio >= 0.8 and not wrong
        name = f"{work}, {LIVE:,} live tokens beside {_SHOWN:,}"
        found.append(Figure(name, shown, "≥ 0.80, all right", met))
    return found


def _figure(work: str, found: Load, target: int | None, rate: float) -> Figure:
    # What the same ratio to the floor would give where the targets were set.
    ratio = found.rate / rate
    shown = f"{found.shown}; {ratio:.3f} of the floor, as {ratio * floor.REFERENCE:,.0f}/s there"
    if target is None:
        return Figure(work, shown, "all right", not found.wrong)
    wanted = f"≥ {target:,}/s ({target / floor.REFERENCE:.3f} of the floor), all right"
    return Figure(work, shown, wanted, found.rate >= target and not found.wrong)
