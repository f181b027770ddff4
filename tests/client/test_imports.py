"""Imported tokens by both clients, with a real server."""

from datetime import timedelta

import pytest

import keystead_client as sdk
from keystead_client import credentials, imports
from tests.client.asking import Asker, Make
from tests.doors.importing import digest_of, old_token
from tests.running import Server


@pytest.fixture
def admin(make: Make, server: Server) -> Asker:
    return make(server.url, server.admin_token)


def test_tokens_are_imported_and_rotated_into_the_new_form(
    admin: Asker, make: Make, server: Server
) -> None:
    tokens = [old_token(), old_token()]
    asked = [
        imports.legacy_token(
            digest_of(token), server.unique("old"), expires_in=timedelta(days=90),
            scopes=["self:rotate"], metadata={"from": "portal"},
        )
        for token in tokens
    ]  # fmt: skip
    made = admin.send(imports.legacy_tokens(asked))
    assert [each.name for each in made.items] == [each["name"] for each in asked]
    assert all(each.legacy for each in made.items)
    caller = make(server.url, sdk.Secret(tokens[0]))
    assert caller.send(credentials.whoami()).credential.id == made.items[0].id
    fresh = caller.send(credentials.rotate_self())
    assert (fresh.credential.legacy, fresh.secret.reveal()[:4]) == (False, "kst_")
    with pytest.raises(sdk.Unauthenticated):
        caller.send(credentials.whoami())


def test_a_refusal_names_the_item(admin: Asker, server: Server) -> None:
    good = imports.legacy_token(
        digest_of(old_token()), server.unique("old"), expires_in="1d", scopes=["folders:list"]
    )
    with pytest.raises(sdk.Invalid) as refused:
        admin.send(imports.legacy_tokens([good, {**good, "sha256": "no"}]))
    assert "items[1].sha256" in {error.field for error in refused.value.errors}
