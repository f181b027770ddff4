"""Every call and every field of a record is one that the server describes."""

import dataclasses
import inspect
import re

import pytest

import keystead_client as sdk
from keystead_client import (
    Call,
    Secret,
    accounts,
    apis,
    audit,
    credentials,
    folders,
    groups,
    imports,
    owners,
    records,
    settings,
    signing_keys,
    verification,
)
from tests.running import Server

WISHES: list[Call[object]] = [
    accounts.create("x", "x", {}),
    accounts.find(),
    accounts.get("x"),
    accounts.edit("x"),
    accounts.delete("x"),
    accounts.versions("x"),
    accounts.fetch("x"),
    accounts.fetch_by_path("x"),
    accounts.write("x", {}),
    apis.create("https://x.example", "x"),
    apis.create_from({}),
    apis.find(),
    apis.get("x"),
    apis.edit("x"),
    apis.edit_from("x", {}),
    apis.preview_edit("x"),
    apis.preview_edit_from("x", {}),
    apis.delete("x"),
    apis.preview_delete("x"),
    audit.export(),
    audit.find(),
    audit.verify(),
    credentials.whoami(),
    credentials.create("x", expires_at=None),
    credentials.create_with_keys("x", {"keys": []}, expires_at=None),
    credentials.find(),
    credentials.summary(),
    credentials.get("x"),
    credentials.edit("x"),
    credentials.rotate("x"),
    credentials.register_keys("x", {"keys": []}),
    credentials.refresh("x"),
    credentials.revoke("x"),
    credentials.disable("x"),
    credentials.enable("x"),
    credentials.delete("x"),
    credentials.secrets("x"),
    credentials.usage("x"),
    credentials.rotate_self(),
    credentials.revoke_self(),
    folders.create("x"),
    folders.find(),
    folders.get("x"),
    folders.edit("x"),
    folders.delete("x"),
    owners.create("user", "x"),
    owners.find(),
    owners.get("x"),
    owners.edit("x"),
    owners.create_with_generated_password("x"),
    owners.edit_with_generated_password("x"),
    owners.change_password(Secret("x"), Secret("y")),
    owners.roles(),
    imports.legacy_tokens([]),
    groups.create("x"),
    groups.find(),
    groups.get("x"),
    groups.edit("x"),
    groups.delete("x"),
    settings.get(),
    settings.edit(),
    signing_keys.find(),
    signing_keys.rotate("x"),
    verification.verify(Secret("x")),
]


def test_every_call_is_one_that_the_server_describes(server: Server) -> None:
    described = server.call("GET", "/openapi.json").json()
    operations = {
        (method.upper(), re.sub(r"\{[^}]+\}", "x", path))
        for path, methods in described["paths"].items()
        for method in methods
    }
    asked = {(call.method, f"/api/v1{call.path}") for call in WISHES}
    assert asked - operations == set()
    nouns = [each for each in map(vars(sdk).get, sdk.__all__) if inspect.ismodule(each)]
    makers = [vars(noun)[name] for noun in nouns if noun is not records for name in noun.__all__]
    returned = [getattr(each, "__annotations__", {}).get("return", "") for each in makers]
    made = [each for each in returned if str(each).startswith(("Call[", "Download"))]
    assert len(WISHES) == len(made), "every call stands above"


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (records.API, "APIAnswer"),
        (records.APIAction, "APIActionAnswer"),
        (records.APIGroup, "APIGroupAnswer"),
        (records.APIResource, "APIResourceAnswer"),
        (records.APISummary, "APIListItem"),
        (records.Account, "AccountAnswer"),
        (records.Affected, "AffectedAnswer"),
        (records.Credential, "CredentialAnswer"),
        (records.ChainReport, "ChainAnswer"),
        (records.Effect, "EffectAnswer"),
        (records.Event, "EventAnswer"),
        (records.Folder, "FolderAnswer"),
        (records.Grant, "GrantBody"),
        (records.Group, "GroupAnswer"),
        (records.Issued, "IssuedAnswer"),
        (records.Organisation, "SettingsAnswer"),
        (records.Owner, "OwnerAnswer"),
        (records.Right, "RightAnswer"),
        (records.Role, "RoleAnswer"),
        (records.Roles, "RoleList"),
        (records.SecretState, "SecretAnswer"),
        (records.SecretValue, "SecretValue"),
        (records.SigningKey, "SigningKeyAnswer"),
        (records.Verdict, "VerifyAnswer"),
        (records.Verification, "VerificationAnswer"),
        (records.Version, "VersionAnswer"),
        (records.WhoAmI, "WhoAmI"),
        (records.Written, "SecretStored"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_field_is_one_that_the_server_describes(
    server: Server, kind: type, schema: str
) -> None:
    described = server.call("GET", "/openapi.json").json()["components"]["schemas"][schema]
    ours = {each.name for each in dataclasses.fields(kind)} - {"raw"}
    assert ours <= set(described["properties"])
