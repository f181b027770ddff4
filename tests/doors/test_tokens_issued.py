"""Static API tokens as they are issued: name, end, scopes, and the secret that is shown once."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from tests.doors.cast import ALL, V1, in_future, ok, problem
from tests.doors.tokens import CREDENTIALS, WHOAMI, create, record_of, wrong
from tests.running import Server


def test_s2_a_token_and_an_address_are_all_that_is_needed(server: Server) -> None:
    token, record = server.token("self:rotate")
    found = ok(server.call("GET", WHOAMI, token=token))
    assert found["credential"] == {"id": record["id"], "kind": "api_token", "name": record["name"]}
    assert (found["scopes"], found["address"]) == (["self:rotate"], "127.0.0.1")


def test_s4_a_name_is_required_trimmed_and_unique_whatever_its_case_or_form(server: Server) -> None:
    name = server.unique("Straße ①")
    made = ok(create(server, name=f"  {name}\t"), 201)["credential"]
    assert made["name"] == name
    for same in (name, name.upper(), name.replace("ß", "ss"), name.replace("①", "1"), f" {name} "):
        assert problem(create(server, name=same)) == (409, "name_taken")
    assert "name" in wrong(create(server, name=...))
    assert "name" in wrong(create(server, name="   "))


def test_c4_a_name_is_free_again_after_the_token_is_deleted(server: Server) -> None:
    name = server.unique("reused")
    made = ok(create(server, name=name), 201)["credential"]
    ok(server.call("POST", f"{CREDENTIALS}/{made['id']}/revoke"))
    assert problem(create(server, name=name)) == (409, "name_taken")
    ok(server.call("DELETE", f"{CREDENTIALS}/{made['id']}"), 204)
    again = ok(create(server, name=name), 201)["credential"]
    assert again["id"] != made["id"]


@pytest.mark.parametrize("name", ["é" * 255, "日本語", "a", "O'Brien; DROP TABLE--", "<b>&amp;"])
def test_c5_a_name_of_any_script_comes_back_as_it_was_given(server: Server, name: str) -> None:
    stem = server.unique("")[-8:]
    name = (name + stem)[-255:]
    made = ok(create(server, name=name), 201)["credential"]
    assert record_of(server, made["id"])["name"] == name.strip()
    ok(server.call("DELETE", f"{CREDENTIALS}/{made['id']}"), 204)


def test_s5_a_description_says_what_the_token_is_for(server: Server) -> None:
    made = ok(create(server, description="nightly\nbackup"), 201)["credential"]
    assert made["description"] == "nightly\nbackup"


def test_c6_a_description_may_be_left_out(server: Server) -> None:
    assert ok(create(server), 201)["credential"]["description"] == ""


def test_s11_the_type_is_static_and_never_changes(server: Server) -> None:
    made = ok(create(server, type="static"), 201)["credential"]
    assert made["type"] == "static"
    answer = server.call("PATCH", f"{CREDENTIALS}/{made['id']}", {"type": "dynamic"})
    assert "type" in wrong(answer)
    assert "type" in wrong(create(server, type="dynamic"))


def test_s12_never_to_expire_is_an_explicit_choice(server: Server) -> None:
    assert "expires_at" in wrong(create(server, expires_at=...))
    assert ok(create(server, expires_at=None), 201)["credential"]["expires_at"] is None


def test_c7_an_empty_end_is_never_too(server: Server) -> None:
    assert ok(create(server, expires_at=""), 201)["credential"]["expires_at"] is None


def test_s13_an_end_is_kept_in_utc_and_must_lie_in_the_future(server: Server) -> None:
    made = ok(create(server, expires_at="2099-01-31T18:00:00+02:00"), 201)["credential"]
    assert made["expires_at"] == "2099-01-31T16:00:00Z"
    for past in ("2001-01-01T00:00:00Z", in_future(seconds=-1)):
        assert "expires_at" in wrong(create(server, expires_at=past))


def test_s15_a_token_is_given_single_operations_or_levels(server: Server) -> None:
    made = ok(
        create(server, scopes=["secrets:read"], levels={"folders": "read", "accounts": "write"}),
        201,
    )
    (access,) = made["credential"]["access"]
    assert access["api"] == "keystead"
    assert access["scopes"] == ["secrets:read"]
    assert access["levels"] == {"folders": "read", "accounts": "write"}
    held = ok(server.call("GET", WHOAMI, token=made["secret"]))["scopes"]
    assert {"secrets:read", "folders:list", "accounts:delete"} <= set(held)
    assert not {"secrets:write", "folders:edit", "credentials:list"} & set(held)


def test_s15_nothing_is_preselected(server: Server) -> None:
    assert create(server, scopes=...).status == 400
    assert create(server, scopes=[]).status == 400
    assert create(server, scopes=..., access=[]).status == 400


def test_s16_a_token_is_refused_for_other_operations_and_told_which_it_lacks(
    server: Server,
) -> None:
    token, _ = server.token("folders:list")
    account = server.account(server.folder()["id"])
    refused = server.call("GET", f"{V1}/accounts/{account['id']}/secret", token=token)
    assert problem(refused) == (403, "insufficient_scope")
    assert "secrets:read" in refused.json()["detail"]


def test_s17_the_token_is_shown_once_and_only_its_digest_is_kept(server: Server) -> None:
    answer = create(server)
    token, record = answer.json()["secret"], answer.json()["credential"]
    assert answer.headers["cache-control"] == "no-store"
    assert token.startswith(record["public_id"])
    for path in (
        CREDENTIALS,
        f"{CREDENTIALS}/{record['id']}",
        f"{CREDENTIALS}/{record['id']}/secrets",
    ):
        assert token.encode() not in server.call("GET", path).body
    with closing(sqlite3.connect(f"file:{server.data}/keystead.db?mode=ro", uri=True)) as database:
        assert token not in "\n".join(database.iterdump())


def test_f2_without_a_token_there_is_nothing(server: Server) -> None:
    answer = server.call("GET", WHOAMI, token=None)
    assert problem(answer) == (401, "missing_credential")
    assert "Token" in answer.headers["www-authenticate"]


def test_f11_the_scheme_token_is_spoken(server: Server) -> None:
    token, _ = server.token("folders:list")
    headers = {"Authorization": f"Token {token}"}
    assert server.call("GET", WHOAMI, token=None, headers=headers).status == 200


def test_what_was_issued_is_what_is_read(server: Server) -> None:
    _, made = server.token(
        *ALL,
        description="whole",
        networks=["127.0.0.0/8"],
        expires_at="2099-01-01T00:00:00.123456Z",
        not_before="2001-01-01T00:00:00Z",
        metadata={"é": "世"},
    )
    assert json.dumps(record_of(server, made["id"])) == json.dumps(made)
