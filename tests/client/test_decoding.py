"""JSON to records: strict about what a record needs, blind to what it does not know."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from keystead_client import Secret, records
from keystead_client._core.decoding import Malformed, decode, decode_items, parse
from keystead_client.records import Account, Credential, Event, Folder, Issued, SecretValue
from tests.client.peer import CREDENTIAL, FOLDER

RECORDS = [
    kind
    for kind in vars(records).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind is not records.Page
]
USE = {"at": "2026-11-22T03:00:00Z", "uses": 1}
STATE = {"n": 1, "state": "live", "created_at": "2026-11-22T03:00:00Z"}


def with_field(name: str, value: object) -> Mapping[str, object]:
    return {**CREDENTIAL, name: value}


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("id", None, "id"),
        ("id", 7, "id"),
        ("description", ["x"], "description"),
        ("created_at", "2026-11-22", "created_at"),
        ("created_at", "2026-11-22T03:00:00", "created_at"),
        ("created_at", 1, "created_at"),
        ("expires_at", "", "expires_at"),
        ("owner", None, "owner"),
        ("owner", [], "owner"),
        ("owner", {"id": "own_1", "kind": "user"}, "owner.name"),
        ("access", {}, "access"),
        ("access", [{"api": "a"}, {"api": 1}], "access[1].api"),
        ("access", [{"api": "a", "scopes": ["x", None]}], "access[0].scopes[1]"),
        ("metadata", {"hunter2": 1}, "metadata"),
        ("metadata", [], "metadata"),
        ("secrets", [{**STATE, "n": True}], "secrets[0].n"),
        ("secrets", [{**STATE, "n": 1.0}], "secrets[0].n"),
        ("secrets", [{**STATE, "last_used": {**USE, "uses": "1"}}], "secrets[0].last_used.uses"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(name: str, value: object, path: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode(Credential, with_field(name, value))
    assert f"the answer's field '{path}' is" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_is_wrong_on_a_page_is_named_with_its_place() -> None:
    with pytest.raises(Malformed, match=r"field 'items\[1\]\.owner' is missing"):
        decode_items(Credential, {"items": [CREDENTIAL, with_field("owner", None)]})
    assert decode_items(Credential, {}) == ()


def test_fields_that_a_server_may_leave_out_have_their_defaults() -> None:
    folder = decode(Folder, FOLDER)
    assert (folder.parent_id, folder.grants, folder.created_by) == (None, (), "")
    sparse = {"id": "a", "folder_id": "f", "path": "p", "name": "n", "version": 1, "notes": None}
    account = decode(Account, {**sparse, "created_at": "2026-11-22T03:00:00Z"})
    assert (account.notes, account.tags, account.modified_at) == ("", (), None)


def test_new_fields_are_left_alone_and_can_be_found() -> None:
    found = decode(Folder, {**FOLDER, "novelty": {"deep": [1]}})
    assert found.raw["novelty"] == {"deep": [1]}
    assert found == decode(Folder, FOLDER)


def test_what_is_secret_is_so_from_the_start() -> None:
    at = {"created_at": "2026-11-22T04:00:00+01:00"}
    value = decode(SecretValue, {"account_id": "a", "version": 1, "fields": {"p": "x"}, **at})
    assert value.fields == {"p": Secret("x")}
    assert value.created_at == datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert decode(Issued, {"credential": CREDENTIAL, "secret": "x"}).secret == Secret("x")


def test_facts_keep_their_own_types() -> None:
    sparse = {"id": "e", "n": 1, "at": "2026-11-22T03:00:00Z", "actor": {}, "verb": "x.y"}
    event = decode(Event, {**sparse, "decision": "allowed", "facts": {"a": 1, "b": True}})
    assert event.facts == {"a": 1, "b": True}
    assert (event.object, event.actor.owner_id) == (None, "")


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_every_record_can_be_read(kind: type) -> None:
    # The reader is made of the annotations, before any field is looked at.
    with pytest.raises(Malformed, match="is missing or not an object"):
        decode(kind, None)
    if kind not in {
        records.EventActor,
        records.Imported,
        records.Roles,
    }:  # of which all may be missing
        with pytest.raises(Malformed, match="the answer's field '"):
            decode(kind, {})


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_no_record_that_keeps_the_answer_holds_a_secret(kind: type) -> None:
    names = {each.name: str(each.type) for each in dataclasses.fields(kind)}
    if "raw" in names:
        assert not any("Secret" in text.replace("SecretState", "") for text in names.values())


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"null", b"{", b"\xff", b"[" * 100_000])
def test_a_body_is_one_object(body: bytes) -> None:
    with pytest.raises(Malformed, match="the answer is not"):
        parse(body)
