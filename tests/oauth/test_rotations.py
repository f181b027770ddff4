"""A rotation that ends the tokens of older secrets or keys: opaque and signed ones, in every process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.assertions import client_pair, set_of
from tests.doors.cast import V1, ok, until
from tests.doors.registering import access, catalogue, register
from tests.oauth.asking import Client, client, exchanged, key, post, whoami
from tests.oauth.signing import Signing, signing

if TYPE_CHECKING:
    from tests.running import Server

EACH = pytest.mark.parametrize("kind", ["client", "key", "signing client"])
FORMATS = pytest.mark.parametrize("token_format", ["opaque", "jwt"])


@dataclass(slots=True)
class Lent:
    """A client of an API, whose secret or key changes, and who asks about its tokens."""

    server: Server
    api: dict[str, Any]
    by: Client | Signing
    asker: Client

    @classmethod
    def on(cls, server: Server, kind: str, token_format: str) -> Lent:
        api = register(server, groups=catalogue(orders="list"), token_format=token_format)
        held = [access(api, "orders:list")]
        by: Client | Signing
        match kind:
            case "signing client":
                by = signing(server, access=held)
            case "key":
                by = key(server, access=held)
            case _:
                by = client(server, access=held)
        lent = cls(server, api, by, client(server, "tokens:verify"))
        assert ("." in lent.token()) == (token_format == "jwt")
        return lent

    def token(self) -> str:
        if isinstance(self.by, Client):
            return exchanged(self.server, self.by)
        return str(ok(self.by.ask(self.by.assertion()))["access_token"])

    def rotate(self, **how: object) -> None:
        path = f"{self.by.path}/rotate"
        if isinstance(self.by, Client):
            made = ok(self.server.call("POST", path, how))
            self.by = replace(self.by, secret=made["secret"])
        else:
            pair = client_pair("ES256", self.server.unique("k").replace(" ", "-"))
            ok(self.server.call("POST", path, {"public_jwks": set_of(pair), **how}))
            self.by = replace(self.by, pair=pair)

    def told(self, token: str) -> set[tuple[bool, str]]:
        """Return what introspection and verification say, often enough for every worker to be asked."""
        return {self._told(token) for _ in range(8)}

    def _told(self, token: str) -> tuple[bool, str]:
        about = post(
            self.server, "/oauth/introspect", {"token": token}, authorization=self.asker.basic
        )
        found = ok(about)
        if not found["active"]:
            assert found == {"active": False}
        wanted = {"token": token, "audience": self.api["identifier"]}
        return found["active"], str(ok(self.server.call("POST", f"{V1}/verify", wanted))["code"])


GOOD = {(True, "VALID")}
ENDED = {(False, "REVOKED")}


@EACH
@FORMATS
def test_older_tokens_end_and_newer_ones_do_not(
    workers: Server, kind: str, token_format: str
) -> None:
    lent = Lent.on(workers, kind, token_format)
    older = [lent.token() for _ in range(2)]
    assert [lent.told(token) for token in older] == [GOOD, GOOD]
    lent.rotate(end_access_tokens=True)
    assert [lent.told(token) for token in older] == [ENDED, ENDED]
    newer = lent.token()
    assert lent.told(newer) == GOOD
    lent.rotate(end_access_tokens=True)
    assert lent.told(newer) == ENDED
    assert lent.told(lent.token()) == GOOD


@EACH
@FORMATS
def test_none_ends_unless_it_is_asked_for(workers: Server, kind: str, token_format: str) -> None:
    lent = Lent.on(workers, kind, token_format)
    token = lent.token()
    lent.rotate()
    lent.rotate(end_access_tokens=False)
    assert lent.told(token) == GOOD
    lent.rotate(end_access_tokens=True)
    assert lent.told(token) == ENDED


@pytest.mark.parametrize("kind", ["client", "key"])
@FORMATS
def test_the_older_secret_goes_on_being_good_for_tokens_while_it_overlaps(
    workers: Server, kind: str, token_format: str
) -> None:
    lent = Lent.on(workers, kind, token_format)
    assert isinstance(lent.by, Client)
    before, token = lent.by, lent.token()
    lent.rotate(overlap_seconds=60, end_access_tokens=True)
    assert lent.told(token) == ENDED
    of_the_older = exchanged(workers, before)
    assert lent.told(of_the_older) == GOOD, "it was asked for after that"
    lent.rotate(overlap_seconds=60, end_access_tokens=True)
    assert lent.told(of_the_older) == ENDED


@FORMATS
def test_the_tokens_of_others_stay(workers: Server, token_format: str) -> None:
    lent = Lent.on(workers, "client", token_format)
    other = replace(lent, by=client(workers, access=[access(lent.api, "orders:list")]))
    token = other.token()
    lent.rotate(end_access_tokens=True)
    assert other.told(token) == GOOD


@FORMATS
def test_it_is_entered_how_many_there_were(workers: Server, token_format: str) -> None:
    lent = Lent.on(workers, "client", token_format)
    lent.token()
    lent.rotate(end_access_tokens=True)
    found = ok(workers.call("GET", f"{V1}/audit/events?page_size=50&verb=credential.rotate"))
    (entry,) = [e for e in found["items"] if e["object"]["id"] == lent.by.record["id"]]
    assert entry["facts"]["access_tokens"] == 2


def test_k9_each_registered_key_has_its_own_last_use(server: Server) -> None:
    made = signing(server)
    second = client_pair("ES256", "second")
    both = {"public_jwks": set_of(made.pair, second)}
    ok(server.call("POST", f"{made.path}/rotate", both))
    later = Signing(server, made.id, second, made.record)

    def uses() -> dict[str, int]:
        told = ok(server.call("GET", f"{made.path}/secrets"))
        assert told["items"] == []
        assert {key["alg"] for key in told["keys"]} == {"ES256"}
        return {k["kid"]: k["last_used"]["uses"] if k["last_used"] else 0 for k in told["keys"]}

    assert uses() == {"first": 0, "second": 0}
    for each in (made, later, later):
        token = ok(each.ask(each.assertion()))["access_token"]
        assert whoami(server, token).status == 200
    # What it was given is used in its name; so one sees when nothing comes by the old key any more.
    until(lambda: uses() == {"first": 2, "second": 4})
    ok(server.call("POST", f"{made.path}/rotate", {"public_jwks": set_of(second)}))
    assert uses() == {"second": 4}
    record = ok(server.call("GET", made.path))
    assert (record["last_used"]["uses"], [key["kid"] for key in record["keys"]]) == (6, ["second"])
