"""An API key: presented by its secret alone in any dialect, or as a pair by Basic; the same either way."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from tests.doors.cast import V1, ok, problem
from tests.doors.tokens import create
from tests.running import Answer, Server

WHOAMI = f"{V1}/whoami"


@pytest.fixture(scope="module")
def key(server: Server) -> tuple[str, str, str]:
    """A key's public id, its secret and its credential's id."""
    made = ok(create(server, kind="api_key", name=server.unique("key")), 201)
    record = made["credential"]
    return record["public_id"], made["secret"], record["id"]


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def basic(server: Server, text: str, scheme: str = "Basic") -> Answer:
    headers = {"Authorization": f"{scheme} {text}"}
    return server.call("GET", WHOAMI, token=None, headers=headers, source="127.0.8.4")


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("Authorization", "Bearer {}"),
        ("Authorization", "Token {}"),
        ("Authorization", 'Token token="{}"'),
        ("X-API-Key", "{}"),
        ("authtoken", "{}"),
    ],
)
def test_a_key_is_its_secret_alone(
    server: Server, key: tuple[str, str, str], header: str, form: str
) -> None:
    headers = {header: form.format(key[1])}
    answer = ok(server.call("GET", WHOAMI, token=None, headers=headers))
    assert (answer["credential"]["id"], answer["credential"]["kind"]) == (key[2], "api_key")


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "Basic   "])
def test_a_key_is_a_pair_too(server: Server, key: tuple[str, str, str], scheme: str) -> None:
    answer = basic(server, encoded(f"{key[0]}:{key[1]}"), scheme)
    assert ok(answer)["credential"]["id"] == key[2]


def test_a_pair_is_form_decoded(server: Server, key: tuple[str, str, str]) -> None:
    hidden = "".join(f"%{ord(c):02X}" for c in key[1])
    assert basic(server, encoded(f"{quote(key[0])}:{hidden}")).status == 200


@pytest.mark.parametrize(
    "form",
    ["{other}:{secret}", ":{secret}", "{id}:", "{id}:{secret}0", "{secret}:{secret}", "{id}:{token}",
     "{token_id}:{token}", ":", "{secret}:", "{id} :{secret}", "{id}+:{secret}", "{id}%20:{secret}"],
)  # fmt: skip
def test_a_pair_that_is_none_is_no_credential(
    server: Server, key: tuple[str, str, str], form: str
) -> None:
    token, record = server.token("folders:list")
    other = ok(create(server, kind="api_key", name=server.unique("key")), 201)["credential"]
    named = {"id": key[0], "secret": key[1], "token": token, "token_id": record["public_id"]}
    answer = basic(server, encoded(form.format(other=other["public_id"], **named)))
    assert problem(answer) == (401, "invalid_credential")


@pytest.mark.parametrize(
    "text",
    ["", "=", "ksk_x", "a2tzX3g", "a2tzX3g=:", "Zm9v", encoded(b"\xff\xfe:x"), encoded("x:%FF"),
     encoded("%C3:x"), "e\u00dfe=", "eDp5 eDp5", "eDp5=", "eDp5\teDp5", encoded("nocolon"),
     "Bearer x"],
)  # fmt: skip
def test_what_is_no_pair_at_all_is_refused_as_that(server: Server, text: str) -> None:
    answer = basic(server, text)
    assert problem(answer) == (400, "invalid_request")
    assert "id:secret" in answer.json()["detail"]


def test_a_pair_beside_another_credential_is_refused(
    server: Server, key: tuple[str, str, str]
) -> None:
    headers = {"Authorization": f"Basic {encoded(f'{key[0]}:{key[1]}')}", "X-API-Key": key[1]}
    answer = server.call("GET", WHOAMI, token=None, headers=headers)
    assert problem(answer) == (400, "invalid_request")


def test_a_clients_pair_is_known_and_of_the_wrong_kind(server: Server) -> None:
    made = ok(create(server, kind="oauth_client", name=server.unique("client")), 201)
    pair = encoded(f"{made['credential']['public_id']}:{made['secret']}")
    assert problem(basic(server, pair)) == (403, "insufficient_scope")
