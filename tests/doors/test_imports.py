"""Row F11: importing is making, under the same rules: all of a batch, or none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doors.cast import application, member, ok, problem, user
from tests.doors.importing import IMPORT, ask, imported, item, old_token
from tests.doors.repeating import keyed, new_key, was_repeated
from tests.doors.tokens import CREDENTIALS, create, lives, wrong
from tests.running import running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.running import Server


def test_many_are_imported_in_the_order_in_which_they_were_sent(server: Server) -> None:
    owner = application(server)["id"]
    tokens = [old_token() for _ in range(20)]
    asked = [item(server, token, owner_id=owner, metadata={"from": "portal"}) for token in tokens]
    made = ok(ask(server, *asked), 201)["items"]
    assert [each["name"] for each in made] == [each["name"] for each in asked]
    assert {each["owner"]["id"] for each in made} == {owner}
    assert made[0]["metadata"] == {"from": "portal"}
    assert all(lives(server, *tokens))


def test_every_wrong_field_of_every_item_is_named_at_once(server: Server) -> None:
    good = item(server, old_token())
    bad = [
        good,
        {**good, "name": "", "sha256": "abc"},
        item(server, old_token(), networks=["10.0.0.0/8", "nowhere"], scopes=["x:y"]),
        item(server, old_token(), expires_in="soon"),
        item(server, old_token(), expires_in=..., expires_at="2001-01-01T00:00:00Z"),
        item(server, old_token(), expires_in=...),
        item(server, old_token(), scopes=...),
    ]
    assert set(wrong(ask(server, *bad))) == {
        "items[1].name", "items[1].sha256", "items[2].networks[1]", "items[2].scopes[0]",
        "items[3].expires_in", "items[4].expires_at", "items[5].expires_at",
    }  # fmt: skip
    # What no form can say, once each item has its form.
    rest = wrong(ask(server, good, *bad[4:], item(server, old_token(), scopes=["x:y"])))
    assert set(rest) == {
        "items[1].expires_at", "items[2].expires_at", "items[3].access", "items[4].scopes[0]"
    }  # fmt: skip
    other = item(server, old_token())
    alike = wrong(ask(server, good, {**good, "name": good["name"].upper()}, other))
    assert alike == {
        "items[1].name": "is that of items[0] too", "items[1].sha256": "is that of items[0] too",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("items", "fields"),
    [
        ([], {"items"}),
        ([{}] * 501, {"items"}),
        ([7], {"items[0]"}),
        ([{"token": "a"}], {"items[0].token", "items[0].sha256", "items[0].name",
                            "items[0].expires_at"}),
        ([{"name": 7, "sha256": "0" * 64, "expires_in": "1d"}], {"items[0].name"}),
        ({}, {"items"}),
    ],
    ids=["none", "too-many", "no-object", "unknown", "type", "no-list"],
)  # fmt: skip
def test_what_is_no_import_is_refused(server: Server, items: object, fields: set[str]) -> None:
    assert set(wrong(server.call("POST", IMPORT, {"items": items}))) == fields


def test_a_wrong_item_leaves_nothing_behind(server: Server) -> None:
    taken = ok(create(server), 201)["credential"]["name"]
    token = old_token()
    first = item(server, token)
    clash = ask(server, first, item(server, old_token(), name=taken.upper()))
    assert problem(clash) == (409, "name_taken")
    assert clash.json()["detail"].startswith("items[1]: ")
    assert lives(server, token) == [False]
    ok(ask(server, first), 201)
    again = ask(server, item(server, old_token()), item(server, token))
    assert problem(again) == (409, "wrong_state")
    assert again.json()["detail"].startswith("items[1]: the token was imported before")


def test_what_was_deleted_is_not_imported_again(server: Server) -> None:
    token, record = imported(server)
    ok(server.call("DELETE", f"{CREDENTIALS}/{record['id']}"), 204)
    assert problem(ask(server, item(server, token))) == (409, "wrong_state")
    assert lives(server, token) == [False]


def test_nobody_gives_what_he_lacks(server: Server) -> None:
    owner = application(server)["id"]
    narrow, _ = server.token(
        "credentials:create", networks=["127.0.0.0/8"], expires_at="2099-01-01T00:00:00Z"
    )
    within: dict[str, Any] = {"scopes": ["credentials:create"], "networks": ["127.0.0.1"]}
    others: tuple[dict[str, Any], ...] = (
        {"scopes": ["secrets:read"]},
        {"networks": []},
        {"expires_in": ..., "expires_at": "2100-01-01T00:00:00Z"},
        {"owner_id": "own_000000000000"},
        {"owner_id": user(server)["id"]},
    )
    for more in others:
        good = item(server, old_token(), **within)
        bad = item(server, old_token(), **{**within, **more})
        refused = ask(server, good, bad, token=narrow)
        assert problem(refused) == (403, "insufficient_scope"), more
        assert refused.json()["detail"].startswith("items[1]: "), more
    ok(ask(server, item(server, old_token(), owner_id=owner, **within), token=narrow), 201)
    _, other = member(server, "user")
    theirs = item(server, old_token(), owner_id=owner)
    assert problem(ask(server, theirs, token=other)) == (403, "insufficient_scope")
    admin_key = ok(
        create(server, kind="api_key", type="key_admin", scopes=["credentials:create"]), 201
    )["secret"]
    assert ask(server, item(server, old_token()), token=admin_key).status == 403


def test_the_organisations_rules_hold(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        rules = {"max_lifetime_days": 30, "require_networks": True, "require_description": True}
        ok(server.call("PATCH", "/api/v1/settings", rules))
        assert set(wrong(ask(server, item(server, old_token())))) == {
            "items[0].expires_in", "items[0].networks", "items[0].description",
        }  # fmt: skip
        kept = {"expires_in": "30d", "networks": ["127.0.0.1"], "description": "old"}
        ok(ask(server, item(server, old_token(), **kept)), 201)


def test_an_import_whose_answer_was_lost_is_asked_for_again(server: Server) -> None:
    wanted, key = item(server, old_token()), keyed(new_key(server))
    first = ask(server, wanted, headers=key)
    again = ask(server, wanted, headers=key)
    assert ok(first, 201) == ok(again, 201)
    assert (was_repeated(first), was_repeated(again)) == (False, True)


def test_five_hundred_are_imported_in_one_act(server: Server) -> None:
    tokens = [old_token() for _ in range(500)]
    made = ok(ask(server, *(item(server, token) for token in tokens)), 201)["items"]
    assert len(made) == 500
    assert lives(server, tokens[0], tokens[-1]) == [True, True]
