"""OAuth's endpoints while PostgreSQL is gone: each says so, nothing is done, and nothing is used up."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

from tests.crash.cluster import Cluster, own_cluster
from tests.crash.nodes import found
from tests.doors.cast import ok, until
from tests.oauth.asking import (
    GRANT,
    SECURE_ACCESS,
    TOKEN,
    Client,
    ask,
    basic,
    client,
    error,
    exchanged,
    post,
    whoami,
)
from tests.oauth.signing import signing
from tests.relay import Relay, relay
from tests.running import Server, send, start
from tests.store.servers import sql_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.running import Answer

pytestmark = pytest.mark.postgresql

AWAY: Final = (503, "temporarily_unavailable")
JWKS: Final = "/.well-known/jwks.json"
ASKED: Final = {
    TOKEN: GRANT,
    SECURE_ACCESS: GRANT,
    "/oauth/introspect": ("token", "{token}"),
    "/oauth/revoke": ("token", "{token}"),
}
EACH = pytest.mark.parametrize("path", ASKED)


@dataclass(frozen=True, slots=True)
class House:
    """A server, its database behind a relay, and a client with a token that both were used already."""

    server: Server
    cluster: Cluster
    line: Relay
    client: Client
    token: str

    @contextmanager
    def gone(self) -> Iterator[None]:
        """The database has crashed, and what was heard from it last is not trusted any more."""
        self.cluster.crash()
        try:
            until(lambda: whoami(self.server, self.token).status == 503, 5)
            yield
        finally:
            self.cluster.start()
            self.come_back()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Nothing comes back from the database, and nothing says so."""
        self.line.cut()
        try:
            yield
        finally:
            self.line.mend()
            self.come_back()

    def come_back(self) -> None:
        until(lambda: whoami(self.server, self.token).status == 200, 15)

    def asks(self, path: str, **proof: Any) -> Answer:  # noqa: ANN401
        name, value = ASKED[path]
        return post(self.server, path, [(name, value.format(token=self.token))], **proof)

    def tokens(self) -> int:
        ((count,),) = sql_of(self.cluster.url, "SELECT count(*) FROM access_tokens")
        return int(count)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("away") / "data"
    with own_cluster() as cluster:
        port = urlsplit(cluster.url).port or 5432
        with relay(port) as line:
            admin = found(data, cluster.url.replace(f":{port}/", f":{line.port}/"))
            server = start(data, admin)
            try:
                made = client(server, "accounts:list", "tokens:verify")
                token = exchanged(server, made)
                assert whoami(server, token).status == 200
                yield House(server, cluster, line, made, token)
            finally:
                server.stop()


def is_away(answer: Answer) -> None:
    """Check all that an endpoint says while its database is gone."""
    assert error(answer) == AWAY
    assert answer.headers["retry-after"] == "1"
    assert "www-authenticate" not in answer.headers
    assert answer.headers["keystead-request-id"]
    assert "database" in answer.json()["error_description"]


@EACH
def test_each_endpoint_says_so_and_judges_nobody(house: House, path: str) -> None:
    proofs = {
        "good": house.client.basic,
        "a wrong secret": basic(house.client.id, "x"),
        "nobody's": basic("ksc_000000000000", "x"),
        "a token": f"Bearer {house.token}",
    }
    with house.gone():
        for proof in proofs.values():
            is_away(house.asks(path, authorization=proof))
        is_away(house.asks(path))


@EACH
def test_what_cannot_be_read_is_refused_as_ever(house: House, path: str) -> None:
    proof = house.client.basic
    with house.gone():
        twice = post(house.server, path, [GRANT, GRANT, ("token", "x")] * 2, authorization=proof)
        untyped = house.asks(path, authorization=proof, content_type="application/json")
        unread = house.asks(path, authorization="Basic ?")
        read = send(house.server.url, "GET", path)
    for answer in (twice, untyped, unread):
        assert error(answer) == (400, "invalid_request")
    assert (error(read), read.headers["allow"]) == ((405, "invalid_request"), "POST")


def test_one_that_does_not_answer_is_waited_for_but_not_for_long(house: House) -> None:
    with house.silent():
        is_away(house.asks(TOKEN, authorization=house.client.basic))
        is_away(house.asks("/oauth/introspect", authorization=house.client.basic))
        is_away(house.asks("/oauth/revoke", authorization=house.client.basic))


def test_nothing_was_done_and_no_assertion_was_used_up(house: House) -> None:
    signer = signing(house.server)
    assertion = signer.assertion()
    before = house.tokens()
    with house.gone():
        is_away(signer.ask(assertion))
        is_away(ask(house.server, house.client))
        is_away(house.asks("/oauth/revoke", authorization=house.client.basic))
    assert house.tokens() == before
    assert whoami(house.server, house.token).status == 200
    told = ok(house.asks("/oauth/introspect", authorization=house.client.basic))
    assert told["active"] is True
    assert signer.ask(assertion).status == 200
    assert error(signer.ask(assertion)) == (401, "invalid_client")
    assert house.tokens() == before + 1


@pytest.mark.parametrize("passed_on", [False, True], ids=["unheard", "unanswered"])
def test_a_revocation_whose_commit_is_lost_is_asked_for_again(
    house: House, *, passed_on: bool
) -> None:
    token = exchanged(house.server, house.client)
    proof = house.client.basic
    broken = house.line.broken
    house.line.break_at(b"COMMIT\0", passed_on=passed_on)
    first = post(house.server, "/oauth/revoke", [("token", token)], authorization=proof)
    assert house.line.broken == broken + 1
    if first.status != 200:
        is_away(first)
    until(lambda: whoami(house.server, house.token).status == 200, 15)
    again = post(house.server, "/oauth/revoke", [("token", token)], authorization=proof)
    assert (again.status, again.body) == (200, b"")
    refused = whoami(house.server, token)
    assert (refused.status, refused.code) == (401, "credential_revoked")


@pytest.mark.parametrize("passed_on", [False, True], ids=["unheard", "unanswered"])
def test_an_assertion_whose_commit_is_lost_is_good_for_one_token(
    house: House, *, passed_on: bool
) -> None:
    signer = signing(house.server)
    assertion = signer.assertion()
    before, broken = house.tokens(), house.line.broken
    house.line.break_at(b"COMMIT\0", passed_on=passed_on)
    first = signer.ask(assertion)
    assert house.line.broken == broken + 1
    until(lambda: whoami(house.server, house.token).status == 200, 15)
    again = signer.ask(assertion)
    if first.status != 200:
        is_away(first)
    # What the house writes by itself may have broken in its place.
    if first.status == 503 and not passed_on:
        assert again.status == 200
    else:
        assert error(again) == (401, "invalid_client")
    assert house.tokens() == before + 1


def test_documents_stay_to_be_read_and_keys_are_not_told_from_memory(house: House) -> None:
    paths = ("/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource")
    before = [send(house.server.url, "GET", path) for path in paths]
    tag = send(house.server.url, "GET", JWKS).headers["etag"]
    with house.gone():
        after = [send(house.server.url, "GET", path) for path in paths]
        keys = [
            send(house.server.url, "GET", JWKS, headers=headers)
            for headers in ({}, {"If-None-Match": tag})
        ]
    for kept, answer in zip(before, after, strict=True):
        assert (answer.status, answer.body) == (200, kept.body)
        assert answer.headers["cache-control"] == "public, max-age=300"
    for answer in keys:
        is_away(answer)
    again = send(house.server.url, "GET", JWKS, headers={"If-None-Match": tag})
    assert (again.status, again.headers["etag"]) == (304, tag)
