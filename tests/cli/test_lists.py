"""How lists are fetched and shown off a terminal, against a peer that answers as laid out."""

import json

from tests.cli.conftest import Keystead, items
from tests.client.peer import CREDENTIAL, Peer, reply


def test_lists_are_plain_columns_off_a_terminal_and_say_when_there_is_more(
    at_peer: Peer, keystead: Keystead
) -> None:
    first = "GET /api/v1/credentials?kind=api_token&page_size=50"
    at_peer.on(first, items(CREDENTIAL, more="next"))
    ended = keystead("token", "list")
    heading, row = ended.out.splitlines()
    assert heading.split() == ["ID", "NAME", "STATE", "OWNER", "CREATED", "EXPIRES", "LAST", "USED"]
    assert row.split() == [
        "cred_000000000001", "nightly", "active", "Ada", "2026-11-22T03:00:00Z",
        "2027-01-31T18:00:00Z", "never",
    ]  # fmt: skip
    assert "--page-token next" in ended.err
    as_json = json.loads(keystead("token", "list", "--json").out)
    assert as_json == {"items": [CREDENTIAL], "next_page_token": "next"}

    wide = "GET /api/v1/credentials?kind=api_token&page_size=200"
    at_peer.on(wide, items(CREDENTIAL, more="next"))
    at_peer.on(f"{wide}&page_token=next", items(CREDENTIAL))
    everything = json.loads(keystead("token", "list", "--all", "--json").out)
    assert len(everything["items"]) == 2
    assert keystead("token", "list", "--all", "--page-token", "next").code == 2


def test_an_empty_list_is_said_to_be_empty(at_peer: Peer, keystead: Keystead) -> None:
    at_peer.on("GET /api/v1/folders?page_size=50", items())
    ended = keystead("folder", "list")
    assert (ended.out, ended.err) == ("ID  PATH  CREATED\n", "nothing found\n")
    assert keystead("folder", "list", "--json").err == ""


def test_what_others_typed_cannot_steer_the_terminal(at_peer: Peer, keystead: Keystead) -> None:
    named = {**CREDENTIAL, "name": "\x1b[2J[red]x\u202e\r"}
    at_peer.on("GET /api/v1/credentials?kind=api_token&page_size=50", items(named))
    ended = keystead("token", "list")
    assert "�[2J[red]x��" in ended.out


EVENT = {
    "id": "evt_000000000007",
    "n": 7,
    "at": "2026-11-22T03:00:00Z",
    "actor": {"owner_id": "own_1", "credential_id": "cred_1", "kind": "api_token"},
    "verb": "secret.fetch",
    "object": {"type": "account", "id": "acct_1", "name": "orders"},
    "decision": "refused",
    "code": "network_denied",
    "address": "192.0.2.7",
    "request_id": "req_1",
}


def test_the_audit_is_listed_from_a_cursor_on(at_peer: Peer, keystead: Keystead) -> None:
    newest = {"items": [EVENT], "next_page_token": None, "cursor": "c7"}
    at_peer.on("GET /api/v1/audit/events?decision=refused&page_size=50", reply(newest))
    ended = keystead("audit", "list", "--decision", "refused")
    assert ended.out.splitlines()[1].split() == [
        "0", "7", "2026-11-22T03:00:00Z", "cred_1", "secret.fetch", "orders", "refused",
        "network_denied", "192.0.2.7",
    ]  # fmt: skip
    assert json.loads(keystead("audit", "list", "--decision", "refused", "--json").out) == newest

    first = {"items": [EVENT], "next_page_token": "c7", "cursor": "c7"}
    last = {"items": [EVENT], "next_page_token": None, "cursor": "c8"}
    at_peer.on("GET /api/v1/audit/events?since=start&page_size=200", reply(first))
    at_peer.on("GET /api/v1/audit/events?page_size=200&since=c7", reply(last))
    at_peer.on(
        "GET /api/v1/audit/events?node=3&page_size=50",
        reply({**newest, "items": [EVENT | {"node": 3}]}),
    )
    of_one = keystead("audit", "list", "--node", "3")
    assert of_one.out.splitlines()[0].split()[:3] == ["NODE", "N", "AT"]
    assert of_one.out.splitlines()[1].split()[:2] == ["3", "7"]
    assert keystead("audit", "list", "--node", "-1").code == 2
    everything = json.loads(keystead("audit", "list", "--all", "--json").out)
    assert everything == {"items": [EVENT, EVENT], "next_page_token": None, "cursor": "c8"}
