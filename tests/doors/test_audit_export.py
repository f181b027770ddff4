"""Row K17: an export of the audit takes the filters of its list, and is entered."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.doors.cast import V1, ok
from tests.doors.repeating import entries
from tests.doors.tokens import CREDENTIALS

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.running import Served, Server


def exported(server: Served, **filters: object) -> list[dict[str, Any]]:
    answer = server.call("GET", f"{V1}/audit/export?{urlencode(filters)}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/jsonl")
    return [json.loads(line) for line in answer.body.splitlines()]


def table(server: Served, **filters: object) -> list[dict[str, str]]:
    answer = server.call("GET", f"{V1}/audit/export?{urlencode({'format': 'csv', **filters})}")
    return list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))


def test_k17_each_filter_of_the_list_is_one_of_the_export(server: Server) -> None:
    token, record = server.token("accounts:list", "credentials:list")
    ok(server.call("POST", f"{CREDENTIALS}/{record['id']}/disable"))
    server.call("GET", f"{V1}/accounts", token=token)
    for filters in (
        {"object": record["id"]},
        {"credential": record["id"], "decision": "refused"},
        {"owner": record["owner"]["id"], "verb": "credential.disable"},
        {"node": 0, "verb": "credential.create"},
        {"object": record["id"], "after": "2098-01-01T00:00:00Z"},
        {"object": "cred_nobody"},
    ):
        since = urlencode({**filters, "since": "start", "page_size": 200})
        listed, ahead = [], f"{V1}/audit/events?{since}"
        while ahead:
            page = ok(server.call("GET", ahead))
            listed += [(each["node"], each["n"]) for each in page["items"]]
            turn = page["next_page_token"]
            ahead = turn and f"{V1}/audit/events?{urlencode({**filters, 'since': turn})}"
        found = [each for each in exported(server, **filters) if "checkpoint" not in each]
        assert [(each["node"], each["n"]) for each in found] == listed
        rows = table(server, **filters)
        assert [(int(row["node"]), int(row["n"])) for row in rows] == listed


def test_a_checkpoint_stands_behind_what_is_whole_alone(server: Server) -> None:
    assert "checkpoint" in exported(server)[-1]
    assert "checkpoint" in exported(server, node=0)[-1]
    assert exported(server, node=7) == []
    assert not any("checkpoint" in each for each in exported(server, verb="owner.create"))


def test_k17_an_export_says_in_its_entry_how_it_was_filtered(server: Server) -> None:
    exported(server, verb="owner.create", after="2020-01-01T01:00:00+01:00")
    exported(server)
    facts = [each["facts"] for each in entries(server, verb="audit.export")[-2:]]
    told = [{k: v for k, v in each.items() if k.startswith("only_")} for each in facts]
    assert told == [{"only_verb": "owner.create", "only_after": "2020-01-01T00:00:00Z"}, {}]


def test_k17_between_two_instants(clocked: Clocked) -> None:
    times = []
    for _ in range(3):
        clocked.set(clocked.after(hours=1))
        clocked.folder()
        times.append(clocked.after())
    found = exported(clocked, verb="folder.create", after=times[1], before=times[2])
    assert len(found) == 1


def test_a_cell_that_would_be_run_is_none(server: Server) -> None:
    name = f'=HYPERLINK("mailto:x","{server.unique("folder")}")'
    made = ok(server.call("POST", f"{V1}/folders", {"name": name}), 201)
    (row,) = table(server, object=made["id"])
    assert row["object_name"] == f"'{name}"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=soon", "after"),
        ("node=-1", "node"),
        ("decision=maybe", "decision"),
        ("page_size=5", "page_size"),
    ],
)
def test_a_wrong_filter_is_named(server: Server, query: str, field: str) -> None:
    refused = server.call("GET", f"{V1}/audit/export?{query}")
    assert refused.status == 400
    assert [each["field"] for each in refused.json()["errors"]] == [field]
