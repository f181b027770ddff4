"""Both clients with a real server: APIs, and what is given of them."""

import pytest

import keystead_client as sdk
from keystead_client import apis, credentials
from keystead_client.records import Access, Effect
from tests.client.asking import Asker, Make
from tests.doors.registering import catalogue, identifier
from tests.running import Server


@pytest.fixture
def admin(make: Make, server: Server) -> Asker:
    return make(server.url, server.admin_token)


def losses(effect: Effect) -> dict[str, tuple[str, ...]]:
    return {each.name: each.loses for each in effect.items}


def test_an_api_is_registered_changed_and_deleted(admin: Asker, server: Server) -> None:
    groups = catalogue(scan="read create", team="list")
    made = admin.send(apis.create(identifier(server), server.unique("API"), groups=groups))
    resource = made.groups[0].resources[0]
    assert (resource.levels, [each.level for each in resource.actions]) == (
        ("read", "write"),
        ["read", "write"],
    )
    assert (made.algorithm, made.offline_networks, made.revision) == (None, None, 1)
    name = server.unique("holder")
    entry = Access(api=made.identifier, scopes=("team:list",), levels={"scan": "write"})
    issued = admin.send(credentials.create(name, expires_at=None, access=[entry]))
    assert issued.credential.access == (entry,)

    change = apis.edit(made.id, groups=catalogue(scan="read"), revision=1)
    tried = admin.send(apis.preview_edit(made.id, groups=catalogue(scan="read"), revision=1))
    assert losses(tried.effect) == {name: ("scan:create", "team:list")}
    changed = admin.send(change)
    assert (changed.api.revision, changed.effect) == (2, tried.effect)
    with pytest.raises(sdk.Conflict):
        admin.send(change)
    assert losses(admin.send(apis.preview_delete(made.id, page_size=1))) == {name: ("scan:read",)}
    (listed,) = admin.walk(apis.find(q=made.identifier))
    assert (listed.id, listed.scopes) == (made.id, 1)

    admin.send(apis.delete(made.id))
    with pytest.raises(sdk.NotFound):
        admin.send(apis.get(made.id))
    own = Access(api="keystead", scopes=("folders:list",))
    edited = admin.send(credentials.edit(issued.credential.id, access=[own]))
    assert edited.access == (own,)


def test_an_api_is_registered_and_changed_by_a_document(admin: Asker, server: Server) -> None:
    document = {"identifier": identifier(server), "name": "API", "groups": catalogue(scan="read")}
    made = admin.send(apis.create_from(document))
    assert (made.identifier, made.groups[0].resources[0].key) == (document["identifier"], "scan")
    change = {"description": "Scans", "groups": catalogue(scan="read create")}
    tried = admin.send(apis.preview_edit_from(made.id, change, page_size=1))
    assert (tried.api.description, admin.send(apis.get(made.id)).description) == ("Scans", "")
    changed = admin.send(apis.edit_from(made.id, change))
    assert (changed.api.name, changed.api.description) == ("API", "Scans")


def test_keystead_s_own_api_is_read_like_any_other(admin: Asker) -> None:
    own = admin.send(apis.get("keystead"))
    assert (own.identifier, own.owner_id, own.created_at) == ("keystead", "", None)
    assert "keystead" in {each.id for each in admin.walk(apis.find(page_size=1))}


def test_every_wrong_field_is_named(admin: Asker) -> None:
    with pytest.raises(sdk.Invalid) as caught:
        admin.send(apis.create("orders", "", token_seconds=1, groups=catalogue(scan="Read")))
    assert {each.field for each in caught.value.errors} == {
        "identifier", "name", "token_seconds", "groups[0].resources[0].actions[0].key",
    }  # fmt: skip
