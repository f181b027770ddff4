"""API keys and OAuth clients by both clients, with a real server."""

from datetime import timedelta

import pytest

import keystead_client as sdk
from keystead_client import credentials
from tests.assertions import client_pair, set_of
from tests.client.asking import Asker, Make
from tests.running import Server

KEYS = set_of(client_pair("ES256", "first"))


@pytest.fixture
def admin(make: Make, server: Server) -> Asker:
    return make(server.url, server.admin_token)


def test_a_key_is_made_rotated_and_refreshed(admin: Asker, make: Make, server: Server) -> None:
    name = server.unique("key")
    made = admin.send(
        credentials.create(name, kind="api_key", expires_at=None, scopes=["folders:list"])
    )
    assert (made.credential.kind, made.credential.public_jwks) == ("api_key", None)
    assert make(server.url, made.secret).send(credentials.whoami()).credential.name == name
    assert made.secret.reveal() not in repr(made) + repr(made.credential.raw)

    rotated = admin.send(credentials.rotate(made.credential.id, revoke_after_first_use=True))
    old, new = rotated.credential.secrets
    assert (old.state, old.ends_older, new.state, new.ends_older) == (
        "retiring", False, "live", True,
    )  # fmt: skip
    make(server.url, rotated.secret).send(credentials.whoami())
    with pytest.raises(sdk.Unauthenticated):
        make(server.url, made.secret).send(credentials.whoami())

    assert rotated.credential.last_refreshed_at is None
    fresh = admin.send(credentials.refresh(made.credential.id, overlap_seconds=60))
    former = fresh.credential.former
    assert former is not None
    assert (former.id, former.still_used) == (made.credential.id, False)
    make(server.url, rotated.secret).send(credentials.whoami())
    last = admin.send(credentials.refresh(fresh.credential.id))
    assert last.credential.former is None
    with pytest.raises(sdk.Unauthenticated):
        make(server.url, rotated.secret).send(credentials.whoami())
    assert fresh.credential.last_refreshed_at == fresh.credential.modified_at
    assert fresh.credential.id != made.credential.id
    assert fresh.credential.name == name
    with pytest.raises(sdk.NotFound):
        admin.send(credentials.get(made.credential.id))


def test_an_end_is_given_as_a_period(admin: Asker, server: Server) -> None:
    made = admin.send(
        credentials.create(
            server.unique("token"), expires_in=timedelta(days=30), scopes=["self:rotate"]
        )
    ).credential
    edited = admin.send(credentials.edit(made.id, expires_in="12h"))
    rotated = admin.send(credentials.rotate(made.id, expires_in=timedelta(minutes=90))).credential
    days, hours, minutes = timedelta(days=30), timedelta(hours=12), timedelta(minutes=90)
    for found, span in ((made, days), (edited, hours), (rotated, minutes)):
        assert found.modified_at is not None
        assert found.expires_at is not None
        assert timedelta(0) <= found.modified_at + span - found.expires_at < timedelta(seconds=1)
    for wrong in (timedelta(seconds=-1), timedelta(milliseconds=1500)):
        with pytest.raises(ValueError, match="whole number of seconds"):
            credentials.edit(made.id, expires_in=wrong)
    with pytest.raises(sdk.Invalid) as refused:
        admin.send(credentials.edit(made.id, expires_in="1d", expires_at=None))
    assert [each.field for each in refused.value.errors] == ["expires_in"]


def test_a_key_admin_s_key_manages_keys_alone(admin: Asker, make: Make, server: Server) -> None:
    made = admin.send(
        credentials.create(
            server.unique("keeper"),
            kind="api_key",
            type_="key_admin",
            expires_at=None,
            levels={"credentials": "write"},
        )
    )
    keeper = make(server.url, made.secret)
    key = keeper.send(
        credentials.create(
            server.unique("key"), kind="api_key", expires_at=None, scopes=["folders:list"]
        )
    )
    assert {each.kind for each in keeper.walk(credentials.find())} == {"api_key"}
    found = admin.walk(credentials.find(kind="api_key", type_="key_admin"))
    assert made.credential.id in {each.id for each in found}
    assert key.credential.id not in {each.id for each in found}


def test_a_client_with_keys_has_no_secret(admin: Asker, server: Server) -> None:
    made = admin.send(
        credentials.create_with_keys(
            server.unique("client"), KEYS, expires_at=None, scopes=["folders:list"]
        )
    )
    assert (made.kind, made.secrets) == ("oauth_client", ())
    assert made.public_jwks is not None
    assert made.public_jwks.keys() == {"keys"}
    with pytest.raises(sdk.Invalid) as caught:
        admin.send(credentials.rotate(made.id))
    assert [each.field for each in caught.value.errors] == ["public_jwks"]
    again = admin.send(credentials.register_keys(made.id, made.public_jwks))
    assert again.public_jwks == made.public_jwks


def test_keys_take_the_place_of_a_client_s_secrets(admin: Asker, server: Server) -> None:
    made = admin.send(
        credentials.create(
            server.unique("client"),
            kind="oauth_client",
            expires_at=None,
            scopes=["folders:list"],
        )
    )
    rotated = admin.send(
        credentials.rotate(made.credential.id, overlap_seconds=60, end_access_tokens=True)
    )
    assert [each.n for each in rotated.credential.secrets] == [1, 2]
    kept = admin.send(credentials.register_keys(made.credential.id, KEYS, overlap_seconds=3600))
    assert kept.public_jwks is not None
    assert {each.state for each in kept.secrets} == {"retiring"}


def test_the_credentials_are_counted(admin: Asker, server: Server) -> None:
    before = {each.kind: each for each in admin.send(credentials.summary()).items}
    admin.send(
        credentials.create(
            server.unique("key"), kind="api_key", expires_at=None, scopes=["folders:list"]
        )
    )
    found = admin.send(credentials.summary())
    assert found.expiring_days == 30
    after = {each.kind: each for each in found.items}
    assert after["api_key"].never_expires == before["api_key"].never_expires + 1
    assert after["oauth_client"] == before["oauth_client"]
