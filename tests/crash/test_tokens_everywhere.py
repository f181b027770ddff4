"""Access tokens and assertions over several processes with one store: two nodes, or two servers on a file."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.crash.nodes import join
from tests.crash.places import place_on
from tests.crash.test_kill_series import BOTH
from tests.doors.cast import ok
from tests.doors.registering import access, catalogue, register
from tests.oauth.asking import GRANT, TOKEN, Client, client, error, exchanged, post, whoami
from tests.oauth.signing import proof_of, signing
from tests.running import Server, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.running import Answer

ISSUER = "https://keys.example.com"
INTROSPECT = "/oauth/introspect"
REVOKE = "/oauth/revoke"
EACH_WAY = pytest.mark.parametrize("way", [(0, 1), (1, 0)], ids=["to", "fro"])


class Two(NamedTuple):
    """Two servers with one store, of which the first has two workers."""

    first: Server
    second: Server


@pytest.fixture(scope="module", params=BOTH.args[1])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    home = tmp_path_factory.mktemp("two")
    with ExitStack() as stack:
        place = stack.enter_context(place_on(request.param, home / "0"))
        there = place.data
        _name(place.data)
        if place.url is not None:
            there = home / "1"
            join(place.data, there, place.url, 1)
            _name(there)
        first = place.start("--workers", "2")
        stack.callback(first.stop)
        second = start(there, place.admin)
        second._numbers = first._numbers
        stack.callback(second.stop)
        yield Two(first, second)


def _name(data: Path) -> None:
    # Else each would be called by its own URL.
    with (data / "keystead.toml").open("a") as settings:
        settings.write(f'issuer = "{ISSUER}"\n')


@pytest.fixture(params=["opaque", "jwt"])
def lent(request: pytest.FixtureRequest, two: Two) -> Callable[[], tuple[Client, str]]:
    """Give a token for an API that takes those of a form, and the client that it was given to."""
    api = register(two.first, groups=catalogue(orders="list"), token_format=request.param)

    def exchange() -> tuple[Client, str]:
        made = client(two.first, access=[access(api, "orders:list")])
        token = exchanged(two.first, made)
        assert ("." in token) == (request.param == "jwt")
        return made, token

    return exchange


def about(server: Server, asker: Client, token: str) -> Any:  # noqa: ANN401
    return ok(post(server, INTROSPECT, [("token", token)], authorization=asker.basic))


def give_back(server: Server, by: Client, token: str) -> Answer:
    return post(server, REVOKE, [("token", token)], authorization=by.basic)


def within_a_second(true: Callable[[], bool]) -> None:
    answered = time.monotonic()
    while not true():
        assert time.monotonic() < answered + 1


@EACH_WAY
def test_what_one_gives_the_other_takes_and_tells_of(two: Two, way: tuple[int, int]) -> None:
    here, there = (two[n] for n in way)
    made = client(two.first, "tokens:verify", "accounts:list")
    token = exchanged(here, made)
    assert ok(whoami(there, token))["credential"]["id"] == f"cred_{token[4:16]}"
    told = about(there, made, token)
    assert (told["active"], told["client_id"], told["iss"]) == (True, made.id, ISSUER)


@EACH_WAY
def test_what_is_given_back_at_one_is_good_nowhere(
    two: Two, lent: Callable[[], tuple[Client, str]], way: tuple[int, int]
) -> None:
    here, there = (two[n] for n in way)
    asker = client(two.first, "tokens:verify")
    made, token = lent()
    for server in two:
        assert about(server, asker, token)["active"] is True
    assert give_back(here, made, token).status == 200
    assert {about(here, asker, token)["active"] for _ in range(12)} == {False}
    within_a_second(lambda: about(there, asker, token) == {"active": False})
    assert {about(there, asker, token)["active"] for _ in range(12)} == {False}


@EACH_WAY
def test_what_is_given_back_at_one_is_refused_at_the_other(two: Two, way: tuple[int, int]) -> None:
    here, there = (two[n] for n in way)
    made = client(two.first, "accounts:list")
    token = exchanged(here, made)
    for server in two:
        # Each of them remembers it, and so does each worker.
        assert {whoami(server, token).status for _ in range(12)} == {200}
    assert give_back(here, made, token).status == 200
    assert {whoami(here, token).code for _ in range(12)} == {"credential_revoked"}
    within_a_second(lambda: whoami(there, token).status == 401)
    assert {whoami(there, token).code for _ in range(12)} == {"credential_revoked"}


def test_what_was_given_back_already_is_so_at_the_other_too(two: Two) -> None:
    made, stranger = client(two.first, "accounts:list"), client(two.first, "accounts:list")
    token = exchanged(two.first, made)
    assert error(give_back(two.second, stranger, token)) == (400, "invalid_request")
    assert whoami(two.second, token).status == 200
    assert give_back(two.first, made, token).status == 200
    again = give_back(two.second, made, token)
    assert (again.status, again.body) == (200, b"")


@EACH_WAY
@pytest.mark.parametrize("path", [TOKEN, INTROSPECT, REVOKE])
def test_an_assertion_that_one_took_the_other_refuses(
    two: Two, path: str, way: tuple[int, int]
) -> None:
    here, there = (two[n] for n in way)
    signer = signing(two.first, "tokens:verify")
    pairs = [GRANT, ("token", "nonsense"), *proof_of(signer.assertion(aud=ISSUER))]
    assert post(here, path, pairs).status == 200
    # At once: it is asked of the store.
    for again in (TOKEN, INTROSPECT, REVOKE):
        assert error(post(there, again, pairs)) == (401, "invalid_client")
        assert error(post(here, again, pairs)) == (401, "invalid_client")


def test_of_many_that_come_to_both_at_once_one_is_done(two: Two) -> None:
    signer = signing(two.first)
    for _ in range(5):
        pairs = [GRANT, *proof_of(signer.assertion(aud=ISSUER))]
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(post, server, TOKEN, pairs) for server in two * 8]
            answers = sorted(each.result().status for each in asked)
        assert answers == [200, *[401] * 15]
