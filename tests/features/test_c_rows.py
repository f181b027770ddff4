"""Rows C of docs/features.md, for keys and tokens, each through a real door."""

from typing import Any

import pytest

from tests.doors.cast import ok, problem
from tests.doors.registering import APIS, KEYSTEAD, access, catalogue, give, given, register
from tests.features.asking import field_errors, list_of, place, wanted
from tests.running import Server

NETWORK = catalogue(
    deployments="read write", deployments_networks="read write", deployments_regions="read"
)
NETWORK[0]["key"] = "deployments"

EACH = pytest.mark.parametrize("kind", ["api_key", "api_token"])


def made_of(server: Server, kind: str, *scopes: str, **more: object) -> tuple[str, dict[str, Any]]:
    return server.token(*scopes, kind=kind, **more)


def asked(server: Server, kind: str, *scopes: str, **more: object) -> dict[str, object]:
    return wanted(server, *scopes, kind=kind, **more)


@EACH
def test_c4_a_name_is_taken_once(server: Server, kind: str) -> None:
    _, credential = made_of(server, kind, "secrets:read")
    again = server.call("POST", "/api/v1/credentials", asked(server, kind, name=credential["name"]))
    assert (again.status, again.code) == (409, "name_taken")
    _, other = made_of(server, kind, "secrets:read")
    renamed = server.call(
        "PATCH", f"/api/v1/credentials/{other['id']}", {"name": credential["name"]}
    )
    assert (renamed.status, renamed.code) == (409, "name_taken")


@EACH
@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("\u01c2", True),
        ("\U0001f511" * 255, True),
        ("", False),
        ("n" * 256, False),
        ("a\x07b", False),
        ("a\u202eb", False),
    ],
    ids=["one", "255-code-points", "none", "256", "control", "direction-override"],
)
def test_c5_a_name_has_1_to_255_printable_characters(
    server: Server, kind: str, name: str, good: bool
) -> None:
    made = server.call("POST", "/api/v1/credentials", asked(server, kind, name=name))
    if good:
        assert (made.status, made.json()["credential"]["name"]) == (201, name)
        gone = server.call("DELETE", f"/api/v1/credentials/{made.json()['credential']['id']}")
        assert gone.status == 204, "so that the name is free again"
    else:
        assert field_errors(made) == {"name"}
        _, credential = made_of(server, kind, "secrets:read")
        renamed = server.call("PATCH", f"/api/v1/credentials/{credential['id']}", {"name": name})
        assert field_errors(renamed) == {"name"}


@EACH
def test_c6_a_description_may_be_left_out(server: Server, kind: str) -> None:
    _, credential = made_of(server, kind, "secrets:read")
    assert credential["description"] == ""


@EACH
def test_c7_null_is_never(server: Server, kind: str) -> None:
    token, credential = made_of(server, kind, "secrets:read", expires_at=None)
    assert (credential["expires_at"], credential["state"]) == (None, "active")
    answer = server.call("GET", "/api/v1/whoami", token=token)
    assert answer.json()["expires_at"] is None
    assert "keystead-credential-expires" not in answer.headers


@EACH
def test_c7_left_out_is_refused_and_empty_is_never(server: Server, kind: str) -> None:
    unsaid = asked(server, kind)
    del unsaid["expires_at"]
    assert field_errors(server.call("POST", "/api/v1/credentials", unsaid)) == {"expires_at"}
    for never in (None, ""):
        made = server.call("POST", "/api/v1/credentials", asked(server, kind, expires_at=never))
        assert ok(made, 201)["credential"]["expires_at"] is None


@EACH
def test_c12_the_eleventh_network_is_refused(server: Server, kind: str) -> None:
    ten = [f"192.0.2.{n}" for n in range(10)]
    _, credential = made_of(server, kind, "secrets:read", networks=[*ten, "192.0.2.0-192.0.2.0"])
    assert len(credential["networks"]) == 10
    eleven = asked(server, kind, networks=[*ten, "198.51.100.1"])
    assert field_errors(server.call("POST", "/api/v1/credentials", eleven)) == {"networks"}


@EACH
def test_c14_networks_are_judged_at_every_use(server: Server, kind: str) -> None:
    _, path = place(server)
    token, credential = made_of(server, kind, "secrets:read", networks=["127.0.0.0/8"])
    assert server.call("GET", path, token=token).status == 200
    narrowed = {"networks": ["127.0.0.99"]}
    server.call("PATCH", f"/api/v1/credentials/{credential['id']}", narrowed)
    refused = server.call("GET", path, token=token)
    assert (refused.status, refused.code) == (403, "network_denied")
    assert server.call("GET", path, token=token, source="127.0.0.99").status == 200


@EACH
def test_c23_everything_but_the_secret_can_be_changed(server: Server, kind: str) -> None:
    token, credential = made_of(server, kind, "secrets:read")
    change = {
        "name": server.unique("changed"),
        "description": "other",
        "scopes": ["folders:list"],
        "expires_at": "2101-06-01T00:00:00Z",
        "networks": ["127.0.0.0/8"],
    }
    path = f"/api/v1/credentials/{credential['id']}"
    edited = server.call("PATCH", path, change).json()
    assert {name: edited[name] for name in ("name", "description", "expires_at")} == {
        name: change[name] for name in ("name", "description", "expires_at")
    }
    assert edited["secrets"][0]["created_at"] == credential["secrets"][0]["created_at"]
    assert server.call("GET", "/api/v1/folders", token=token).status == 200
    assert server.call("PATCH", path, {"description": "again"}).json()["name"] == change["name"]


@EACH
def test_c24_a_deleted_token_leaves_a_trace_and_frees_its_name(server: Server, kind: str) -> None:
    token, credential = made_of(server, kind, "secrets:read")
    assert server.call("DELETE", f"/api/v1/credentials/{credential['id']}").status == 204
    assert server.call("GET", "/api/v1/whoami", token=token).code == "credential_revoked"
    assert credential["id"] not in list_of(server, "/api/v1/credentials")
    events = server.call("GET", f"/api/v1/audit/events?object={credential['id']}").json()["items"]
    assert [event["verb"] for event in events] == ["credential.create", "credential.delete"]
    _, heir = made_of(server, kind, "secrets:read", name=credential["name"])
    assert heir["id"] != credential["id"]


def test_c8_every_operation_is_chosen_by_itself_and_kept_as_chosen(server: Server) -> None:
    api = register(server, groups=NETWORK)
    own = ok(server.call("GET", f"{APIS}/{api['id']}"))["groups"]
    tree = {group["key"]: [r["key"] for r in group["resources"]] for group in own}
    assert tree == {"deployments": ["deployments", "deployments.networks", "deployments.regions"]}
    token, record = given(
        server,
        access(KEYSTEAD, "credentials:create"),
        access(api, "deployments.networks:read", "deployments.networks:write"),
    )
    leaves = record["access"][1]["scopes"]
    assert leaves == ["deployments.networks:read", "deployments.networks:write"]
    # Neither the category nor what lies beside it comes with it.
    for other in ("deployments:read", "deployments.regions:read"):
        assert problem(give(server, access(api, other), token=token))[0] == 403
    wider = [*record["access"], access(register(server), "scan:read")]
    path = f"/api/v1/credentials/{record['id']}"
    assert ok(server.call("PATCH", path, {"access": wider}))["access"] == wider


def test_c9_each_resource_is_given_read_or_read_and_write(server: Server) -> None:
    api = register(server, groups=NETWORK)
    levels = {r["key"]: r["levels"] for group in api["groups"] for r in group["resources"]}
    assert levels == {
        "deployments": ["read", "write"],
        "deployments.networks": ["read", "write"],
        "deployments.regions": ["read"],
    }
    issuing = access(KEYSTEAD, "credentials:create")
    reader, _ = given(server, issuing, access(api, **{"deployments.networks": "read"}))
    writer, _ = given(server, issuing, access(api, **{"deployments.networks": "write"}))
    read, write = "deployments.networks:read", "deployments.networks:write"
    assert give(server, access(api, read), token=reader).status == 201
    assert problem(give(server, access(api, write), token=reader))[0] == 403
    assert give(server, access(api, read, write), token=writer).status == 201, "write takes in read"
    only = give(server, access(api, **{"deployments.regions": "write"}))
    assert field_errors(only) == {"access[0].levels.deployments.regions"}


@EACH
def test_c10_an_end_is_an_instant_or_never(server: Server, kind: str) -> None:
    for end, kept in (
        ("2099-12-31T23:59:59+02:00", "2099-12-31T21:59:59Z"),
        (None, None),
        ("", None),
    ):
        assert made_of(server, kind, "folders:list", expires_at=end)[1]["expires_at"] == kept
    for wrong in ("2099-12-31", "2099-12-31T23:59:59", "never"):
        body = asked(server, kind, expires_at=wrong)
        assert field_errors(server.call("POST", "/api/v1/credentials", body)) == {"expires_at"}


@EACH
def test_c15_a_network_is_taken_away(server: Server, kind: str) -> None:
    networks = ["127.0.0.1", "10.0.0.0/8", "192.0.2.0/24"]
    token, credential = made_of(server, kind, "folders:list", networks=networks)
    path = f"/api/v1/credentials/{credential['id']}"
    edited = ok(server.call("PATCH", path, {"networks": networks[1:]}))
    assert [each["text"] for each in edited["networks"]] == networks[1:]
    refused = server.call("GET", "/api/v1/whoami", token=token)
    assert problem(refused) == (403, "network_denied")
