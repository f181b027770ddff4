"""One way of proving who the client is in a request, and one answer to all that is no proof of it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest

from keystead.crypto.token_format import mint, new_id12, public_id
from keystead.web.present import SESSION_COOKIES
from tests.clocked import Clocked
from tests.doors.cast import V1, application, ok, until
from tests.oauth.asking import (
    GRANT,
    SECURE_ACCESS,
    TOKEN,
    Client,
    ask,
    basic,
    client,
    error,
    key,
    post,
)
from tests.running import Answer, Server

INTROSPECT, REVOKE = "/oauth/introspect", "/oauth/revoke"
EACH = pytest.mark.parametrize("path", [TOKEN, SECURE_ACCESS, INTROSPECT, REVOKE])


def needed(path: str) -> tuple[str, str]:
    """Return the parameter that an endpoint needs."""
    return GRANT if path in {TOKEN, SECURE_ACCESS} else ("token", "nonsense")


def encoded(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


def same(answer: Answer) -> tuple[object, ...]:
    """Return all that a refusal tells, but for what every answer has of its own."""
    own = {"date", "keystead-request-id"}
    return answer.status, answer.body, {k: v for k, v in answer.headers.items() if k not in own}


def test_a_secret_is_presented_in_a_basic_header(server: Server) -> None:
    made = client(server, "accounts:list")
    for scheme in ("Basic", "basic", "BASIC"):
        header = made.basic.replace("Basic", scheme)
        assert post(server, TOKEN, [GRANT], authorization=header).status == 200
    spaced = made.basic.replace(" ", "   ") + "  "
    assert post(server, TOKEN, [GRANT], authorization=spaced).status == 200


def test_a_secret_is_presented_in_the_form(server: Server) -> None:
    made = client(server, "accounts:list")
    assert post(server, TOKEN, [GRANT, *made.pairs]).status == 200


def test_both_halves_of_basic_are_form_decoded(server: Server) -> None:
    made = client(server, "accounts:list")
    # Any character may be quoted, and this server's clients have none that must be.
    quoted = "".join(f"%{ord(c):02X}" for c in made.secret)
    answer = post(server, TOKEN, [GRANT], authorization=encoded(f"{quote(made.id)}:{quoted}"))
    assert answer.status == 200


def test_a_plus_in_basic_is_a_space(server: Server) -> None:
    made = client(server, "accounts:list")
    pairs = [GRANT, ("client_id", "a b")]
    # The body's client_id is the header's, decoded, so nothing is said about that; it is no client.
    answer = post(server, TOKEN, pairs, authorization=encoded(f"a+b:{made.secret}"))
    assert error(answer) == (401, "invalid_client")
    answer = post(server, TOKEN, pairs, authorization=encoded(f"a%2Bb:{made.secret}"))
    assert error(answer) == (400, "invalid_request")


@EACH
@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic YTpi=",
        "Basic YTp",
        "Basic YTpi YTpi",
        f"Basic {b64encode(b'no colon').decode()}",
        f"Basic {b64encode(bytes([255, 58, 255])).decode()}",
        f"Basic {b64encode(b'a%ff:b').decode()}",
        f"Basic {b64encode(b'a:%c3%28').decode()}",
        "Basic \xe9\xe9\xe9\xe9",
    ],
)
def test_basic_that_cannot_be_read_is_a_wrong_request(
    server: Server, path: str, header: str
) -> None:
    refused = post(server, path, [needed(path)], authorization=header)
    assert error(refused) == (400, "invalid_request")
    assert "www-authenticate" not in refused.headers


def test_two_ways_at_once_are_refused_even_if_both_are_right(server: Server) -> None:
    made = client(server, "accounts:list")
    refused = post(server, TOKEN, [GRANT, *made.pairs], authorization=made.basic)
    assert error(refused) == (400, "invalid_request")
    refused = post(server, TOKEN, [GRANT, made.pairs[1]], authorization=made.basic)
    assert error(refused) == (400, "invalid_request")
    for header in ("x_api_key", "authtoken"):
        more: dict[str, Any] = {header: made.secret}
        refused = post(server, TOKEN, [GRANT], authorization=made.basic, **more)
        assert error(refused) == (400, "invalid_request")
        assert error(post(server, TOKEN, [GRANT, *made.pairs], **more)) == (400, "invalid_request")


def test_the_bodys_client_id_is_the_authenticated_one(server: Server) -> None:
    made, other = client(server, "accounts:list"), client(server, "accounts:list")
    assert ask(server, made, {"client_id": made.id}).status == 200
    for wrong in (other.id, made.id.swapcase(), "x"):
        assert error(ask(server, made, {"client_id": wrong})) == (400, "invalid_request")


def test_a_secret_in_the_form_stands_beside_its_client_id(server: Server) -> None:
    made = client(server, "accounts:list")
    refused = post(server, TOKEN, [GRANT, made.pairs[1]])
    assert error(refused) == (400, "invalid_request")


@pytest.mark.parametrize("pairs", [[], [("client_id", "{id}")], [("client_id", "nobody")]])
def test_a_client_that_proves_nothing_is_no_client(
    server: Server, pairs: list[tuple[str, str]]
) -> None:
    made = client(server, "accounts:list")
    sent = [(name, value.replace("{id}", made.id)) for name, value in pairs]
    refused = post(server, TOKEN, [GRANT, *sent])
    assert error(refused) == (401, "invalid_client")
    assert refused.headers["www-authenticate"] == 'Basic realm="keystead", charset="UTF-8"'


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "Digest", "Negotiate", "ApiKey"])
def test_no_other_scheme_proves_who_a_client_is(server: Server, scheme: str) -> None:
    made = key(server, "accounts:list")
    refused = post(server, TOKEN, [GRANT], authorization=f"{scheme} {made.secret}")
    assert error(refused) == (401, "invalid_client")
    assert refused.headers["www-authenticate"].startswith("Basic ")


def test_a_key_alone_is_no_proof_here(server: Server) -> None:
    made = key(server, "accounts:list")
    refused = post(server, TOKEN, [GRANT], x_api_key=made.secret)
    assert error(refused) == (401, "invalid_client")


def _wrong(made: Client, other: Client) -> dict[str, tuple[str, str]]:
    stranger = new_id12()
    return {
        "unknown client": (public_id("c", stranger), mint("c", stranger).reveal()),
        "unknown client, no token": (public_id("c", stranger), "hunter2"),
        "wrong secret": (made.id, mint("c", made.id[4:]).reveal()),
        "wrong secret, no token": (made.id, "hunter2"),
        "a digit wrong": (made.id, made.secret[:-1] + ("0" if made.secret[-1] != "0" else "1")),
        "another's secret": (made.id, other.secret),
        "another's id": (other.id, made.secret),
        "internal id": (made.record["id"], made.secret),
        "no id": ("", made.secret),
        "no secret": (made.id, ""),
        "swapped": (made.secret, made.id),
        "NUL": (made.id + "\0", made.secret),
    }


@EACH
def test_unknown_client_and_wrong_secret_are_one_answer(server: Server, path: str) -> None:
    made, other = client(server, "tokens:verify"), client(server, "tokens:verify")
    assert post(server, path, [needed(path)], authorization=made.basic).status == 200
    answers = {
        name: post(server, path, [needed(path)], authorization=basic(*pair))
        for name, pair in _wrong(made, other).items()
    }
    for name, answer in answers.items():
        assert error(answer) == (401, "invalid_client"), name
        assert same(answer) == same(answers["unknown client"]), name


@EACH
def test_they_are_one_answer_in_the_form_too(server: Server, path: str) -> None:
    made, other = client(server, "tokens:verify"), client(server, "tokens:verify")
    answers = [
        post(server, path, [needed(path), ("client_id", id_), ("client_secret", secret)])
        for id_, secret in _wrong(made, other).values()
        if id_ and secret
    ]
    assert len({str(same(answer)) for answer in answers}) == 1
    assert error(answers[0]) == (401, "invalid_client")
    assert answers[0].headers["www-authenticate"] == 'Basic realm="keystead", charset="UTF-8"'


@EACH
@pytest.mark.parametrize("cookie", SESSION_COOKIES)
def test_a_cookie_is_no_proof_and_nothing_beside_one(
    server: Server, path: str, cookie: str
) -> None:
    made, other = client(server, "tokens:verify"), key(server, "tokens:verify")
    for secret in (other.secret, "nonsense", server.admin_token):
        sent: dict[str, Any] = {"cookie": f"theme=dark; {cookie}={secret}"}
        alone = post(server, path, [needed(path)], **sent)
        assert error(alone) == (401, "invalid_client")
        assert same(alone) == same(post(server, path, [needed(path)]))
        beside = post(server, path, [needed(path)], authorization=made.basic, **sent)
        assert beside.status == 200
        assert post(server, path, [needed(path), *made.pairs], **sent).status == 200
        wrong = post(server, path, [needed(path)], authorization=basic(made.id, "x"), **sent)
        assert error(wrong) == (401, "invalid_client")


@pytest.mark.parametrize("act", ["revoke", "disable"])
def test_a_client_that_was_ended_is_no_client(server: Server, act: str) -> None:
    made = client(server, "accounts:list")
    ok(server.call("POST", f"{made.path}/{act}"))
    assert error(ask(server, made)) == (401, "invalid_client")


def test_a_deleted_client_is_no_client(server: Server) -> None:
    made = client(server, "accounts:list")
    ok(server.call("DELETE", made.path), 204)
    assert error(ask(server, made)) == (401, "invalid_client")


def test_a_disabled_owners_client_is_no_client(server: Server) -> None:
    owner = application(server)
    made = client(server, "accounts:list", owner_id=owner["id"])
    ok(server.call("PATCH", f"{V1}/owners/{owner['id']}", {"state": "disabled"}))
    assert error(ask(server, made)) == (401, "invalid_client")


def test_a_client_has_a_beginning_and_an_exclusive_end(clocked: Clocked) -> None:
    begin, end = clocked.after(minutes=1), clocked.after(minutes=2)
    made = client(clocked, "accounts:list", not_before=begin, expires_at=end)
    assert error(ask(clocked, made)) == (401, "invalid_client")
    clocked.set(begin)
    found = ok(answer := ask(clocked, made))
    assert found["expires_in"] == 60, "no longer than its client"
    assert answer.headers["keystead-credential-expires"] == end
    clocked.set(end)
    assert error(ask(clocked, made)) == (401, "invalid_client")


def test_a_client_is_bound_to_its_networks(server: Server) -> None:
    made = client(server, "accounts:list", networks=["127.0.7.0/24"])
    refused = ask(server, made)
    assert error(refused) == (401, "invalid_client")
    assert "127.0.7" not in refused.body.decode()
    assert ask(server, made, source="127.0.7.9").status == 200


def test_a_secret_is_rotated_with_overlap(clocked: Clocked) -> None:
    made = client(clocked, "accounts:list")
    rotated = ok(clocked.call("POST", f"{made.path}/rotate", {"overlap_seconds": 60}))
    newer = Client(made.id, rotated["secret"], made.record)
    assert [ask(clocked, each).status for each in (made, newer)] == [200, 200]
    clocked.set(clocked.after(seconds=60))
    assert error(ask(clocked, made)) == (401, "invalid_client")
    assert ask(clocked, newer).status == 200


def test_a_credential_of_another_kind_is_no_client(server: Server) -> None:
    made = client(server, "accounts:list", kind="api_token")
    assert error(ask(server, made)) == (401, "invalid_client")
    assert error(post(server, TOKEN, [GRANT, *made.pairs])) == (401, "invalid_client")


def test_an_access_token_buys_no_further_one(server: Server) -> None:
    token = ok(ask(server, client(server, "accounts:list")))["access_token"]
    refused = post(server, TOKEN, [GRANT], authorization=basic(token[:16], token))
    assert error(refused) == (401, "invalid_client")
    refused = post(server, TOKEN, [GRANT], authorization=f"Bearer {token}")
    assert error(refused) == (401, "invalid_client")


def test_a_clients_secret_opens_no_other_door(server: Server) -> None:
    made = client(server, "accounts:list")
    for header in ({"Authorization": f"Bearer {made.secret}"}, {"X-API-Key": made.secret}):
        answer = server.call("GET", f"{V1}/accounts", token=None, headers=header)
        assert (answer.status, answer.code) == (403, "insufficient_scope")


def test_each_use_is_counted_for_the_secret_that_was_used(server: Server) -> None:
    made = client(server, "accounts:list")
    for _ in range(3):
        assert ask(server, made).status == 200
    token = ok(ask(server, made))["access_token"]
    assert server.call("GET", f"{V1}/accounts", token=token).status == 200

    def uses() -> int:
        found = ok(server.call("GET", made.path))["last_used"]
        return 0 if found is None else int(found["uses"])

    until(lambda: uses() == 5)


def test_too_many_failures_from_one_address_are_asked_to_wait(server: Server) -> None:
    made = client(server, "accounts:list")
    wrong = basic(made.id, mint("c", made.id[4:]).reveal())
    found = None
    for _ in range(130):
        answer = post(server, TOKEN, [GRANT], authorization=wrong, source="127.0.9.77")
        if answer.status == 429:
            found = answer
            break
    assert found is not None
    assert error(found) == (429, "temporarily_unavailable")
    # Nobody is locked out by others' failures.
    assert ask(server, made, source="127.0.9.77").status == 200


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke", TOKEN])
def test_a_clients_secret_is_no_bearer_token(server: Server, path: str) -> None:
    made = client(server, "tokens:verify")
    sent = [GRANT] if path == TOKEN else {"token": made.secret}
    refused = post(server, path, sent, authorization=f"Bearer {made.secret}")
    assert error(refused) == (401, "invalid_client")
    whole = post(server, path, sent, authorization=made.basic)
    assert whole.status == (400 if path == "/oauth/revoke" else 200)
