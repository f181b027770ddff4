"""A token is given back by whoever was given it, and by nobody else (RFC 7009)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doors.cast import V1, ok, unknown_token
from tests.oauth.asking import (
    Client,
    ask,
    basic,
    client,
    error,
    exchanged,
    key,
    post,
    whoami,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clocked import Clocked
    from tests.running import Answer, Served, Server

REVOKE = "/oauth/revoke"


def revoke(server: Served, by: Client, token: str, **more: str) -> Answer:
    return post(server, REVOKE, {"token": token, **more}, authorization=by.basic)


def done(answer: Answer) -> bool:
    """Say whether it was answered that the token is no good any more, which is said of each alike."""
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert "content-type" not in answer.headers
    return (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("make", [client, key], ids=["oauth_client", "api_key"])
def test_a_client_gives_its_own_token_back(server: Server, make: Callable[..., Client]) -> None:
    made = make(server, "accounts:list")
    token, other = exchanged(server, made), exchanged(server, made)
    assert done(revoke(server, made, token))
    assert whoami(server, token).code == "credential_revoked"
    assert whoami(server, other).status == 200
    assert ask(server, made).status == 200, "the client itself lives on"


def test_it_is_ended_in_every_process_at_once(workers: Server) -> None:
    made = client(workers, "accounts:list")
    token = exchanged(workers, made)
    assert {whoami(workers, token).status for _ in range(8)} == {200}
    assert done(revoke(workers, made, token))
    assert {whoami(workers, token).status for _ in range(8)} == {401}


def test_what_has_ended_or_is_nobodys_is_answered_alike(clocked: Clocked) -> None:
    made = client(clocked, "accounts:list")
    token, late = exchanged(clocked, made), exchanged(clocked, made)
    assert done(revoke(clocked, made, token))
    assert done(revoke(clocked, made, token)), "a second time"
    clocked.set(clocked.after(seconds=3600))
    assert done(revoke(clocked, made, late)), "one that has ended by itself"
    for text in (unknown_token(), "nonsense", "ey.ey.ey", "\0", "x" * 50_000, token[:-1] + "é"):
        assert done(revoke(clocked, made, text))


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_hint_changes_nothing(server: Server, hint: str) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    assert done(revoke(server, made, token, token_type_hint=hint))
    assert whoami(server, token).status == 401


def test_somebody_elses_token_stays(server: Server) -> None:
    made, other = client(server, "accounts:list"), client(server, "accounts:list")
    token = exchanged(server, made)
    refused = revoke(server, other, token)
    assert error(refused) == (400, "invalid_request")
    assert token not in refused.body.decode()
    assert whoami(server, token).status == 200
    found = ok(server.call("GET", f"{V1}/audit/events?decision=refused"))["items"]
    request_id = refused.headers["keystead-request-id"]
    (entry,) = [each for each in found if each["request_id"] == request_id]
    assert (entry["verb"], entry["actor"]["credential_id"]) == ("oauth.revoke", other.record["id"])
    assert entry["object"]["id"] == f"cred_{token[4:16]}"


def test_the_owner_of_a_client_is_not_the_client(server: Server) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    header = f"Bearer {server.admin_token}"
    refused = post(server, REVOKE, {"token": token}, authorization=header)
    assert error(refused) == (400, "invalid_request")
    assert whoami(server, token).status == 200


def test_a_refreshed_or_rotated_client_still_gives_back_what_it_was_given(server: Server) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    rotated = ok(server.call("POST", f"{made.path}/rotate", {"overlap_seconds": 0}))
    newer = Client(made.id, rotated["secret"], made.record)
    assert error(revoke(server, made, token)) == (401, "invalid_client")
    assert done(revoke(server, newer, token))
    assert whoami(server, token).status == 401


def test_a_token_gives_itself_back(server: Server) -> None:
    made = client(server, "accounts:list")
    token, other = exchanged(server, made), exchanged(server, made)
    refused = post(server, REVOKE, {"token": other}, authorization=f"Bearer {token}")
    assert error(refused) == (400, "invalid_request"), "a sister's it may not end"
    assert done(post(server, REVOKE, {"token": token}, authorization=f"Bearer {token}"))
    assert whoami(server, token).status == 401
    assert whoami(server, other).status == 200
    again = post(server, REVOKE, {"token": token}, authorization=f"Bearer {token}")
    assert error(again) == (401, "invalid_token")


@pytest.mark.parametrize("kind", ["api_token", "api_key"])
def test_a_token_that_nobody_minted_gives_itself_back_too(server: Server, kind: str) -> None:
    made = client(server, "accounts:list", kind=kind)
    answer = post(server, REVOKE, {"token": made.secret}, authorization=f"Bearer {made.secret}")
    assert done(answer)
    assert whoami(server, made.secret).code == "credential_revoked"
    other = client(server, "accounts:list", kind=kind)
    refused = post(
        server, REVOKE, {"token": other.secret}, authorization=f"Bearer {exchange(server)}"
    )
    assert error(refused) == (400, "invalid_request")
    assert whoami(server, other.secret).status == 200


def exchange(server: Served) -> str:
    return exchanged(server, client(server, "accounts:list"))


def test_a_clients_secret_is_no_token(server: Server) -> None:
    made, other = client(server, "accounts:list"), client(server, "accounts:list")
    assert error(revoke(server, made, made.secret)) == (400, "unsupported_token_type")
    assert error(revoke(server, other, made.secret)) == (400, "invalid_request")
    assert ask(server, made).status == 200


def test_a_stranger_ends_nothing(server: Server) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    assert error(post(server, REVOKE, {"token": token})) == (401, "invalid_client")
    wrong = basic(made.id, client(server, "accounts:list").secret)
    assert error(post(server, REVOKE, {"token": token}, authorization=wrong)) == (
        401,
        "invalid_client",
    )
    assert whoami(server, token).status == 200


@pytest.mark.parametrize("pairs", [[], [("token", "")], [("token_type_hint", "x")]])
def test_a_token_is_needed(server: Server, pairs: list[tuple[str, str]]) -> None:
    made = client(server, "accounts:list")
    assert error(post(server, REVOKE, pairs, authorization=made.basic)) == (400, "invalid_request")


def test_it_is_entered(server: Server) -> None:
    made = client(server, "accounts:list")
    token = exchanged(server, made)
    answer = revoke(server, made, token)
    found = ok(server.call("GET", f"{V1}/audit/events?verb=oauth.revoke"))["items"]
    request_id = answer.headers["keystead-request-id"]
    (entry,) = [each for each in found if each["request_id"] == request_id]
    assert (entry["decision"], entry["object"]["id"]) == ("allowed", f"cred_{token[4:16]}")
    assert entry["actor"]["credential_id"] == made.record["id"]
