"""The audit of two nodes on one PostgreSQL, asked of either: one list, one cursor, every chain."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from contextlib import ExitStack
from hashlib import sha256
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.crash.nodes import found, join
from tests.doors.cast import ok
from tests.running import KEYSTEAD, Server, start
from tests.store.servers import own_schema, require_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.postgresql

V1 = "/api/v1"


class Nodes(NamedTuple):
    """Node 0 and node 1."""

    first: Server
    second: Server


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    require_server()
    home = tmp_path_factory.mktemp("nodes")
    with ExitStack() as stack:
        url = stack.enter_context(own_schema())
        admin = found(home / "0", url)
        join(home / "0", home / "1", url, 1)
        servers = [start(home / name, admin) for name in ("0", "1")]
        for server in servers:
            stack.callback(server.stop)
        # Names of one installation.
        servers[1]._numbers = servers[0]._numbers
        yield Nodes(*servers)


def events(server: Server, query: str) -> dict[str, Any]:
    return dict(ok(server.call("GET", f"{V1}/audit/events?{query}")))


def places(answer: dict[str, Any]) -> list[tuple[int, int]]:
    return [(event["node"], event["n"]) for event in answer["items"]]


def test_either_node_shows_the_newest_of_both_in_the_order_of_time(nodes: Nodes) -> None:
    made = [server.folder()["id"] for server in (*nodes, *nodes)]
    for server in nodes:
        newest = events(server, "verb=folder.create&page_size=4")
        assert [event["object"]["id"] for event in newest["items"]] == made
        assert [event["node"] for event in newest["items"]] == [0, 1, 0, 1]
        instants = [event["at"] for event in newest["items"]]
        assert instants == sorted(instants)
        whole = events(server, "page_size=200")
        assert {event["node"] for event in whole["items"]} == {0, 1}
        keys = [(event["at"], event["node"], event["n"]) for event in whole["items"]]
        assert keys == sorted(keys)


def test_a_node_or_an_object_can_be_asked_for(nodes: Nodes) -> None:
    folder = nodes.second.folder()["id"]
    ok(nodes.first.call("PATCH", f"{V1}/folders/{folder}", {"name": nodes.first.unique("f")}))
    about = events(nodes.first, f"object={folder}")
    assert [(event["node"], event["verb"]) for event in about["items"]] == [
        (1, "folder.create"),
        (0, "folder.edit"),
    ]
    for query, verbs in (("node=1", ["folder.create"]), ("node=0", ["folder.edit"])):
        one = events(nodes.second, f"object={folder}&{query}")
        assert [event["verb"] for event in one["items"]] == verbs
        alone = events(nodes.second, f"{query}&page_size=5")
        assert {node for node, _ in places(alone)} == {int(query[-1])}
        numbers = [n for _, n in places(alone)]
        assert sorted(numbers) == list(range(min(numbers), max(numbers) + 1)), "without a gap"
    assert events(nodes.first, "node=7&since=start")["items"] == []
    for wrong in ("-1", "8388608", "one"):
        refused = nodes.first.call("GET", f"{V1}/audit/events?node={wrong}")
        assert (refused.status, refused.json()["errors"][0]["field"]) == (400, "node")


def test_a_cursor_loses_and_repeats_nothing_while_both_nodes_write(nodes: Nodes) -> None:
    over = Event()

    made: list[str] = []

    def write(server: Server) -> None:
        made.extend(server.folder()["id"] for _ in range(40))

    def write_both() -> None:
        threads = [Thread(target=write, args=(server,)) for server in nodes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        over.set()

    seen: list[tuple[int, int]] = []
    created: list[str] = []
    cursor = "start"
    writing = Thread(target=write_both)
    writing.start()
    pages = 0
    while True:
        ended = over.is_set()
        # By turns: a cursor of one node goes on at the other.
        page = events(nodes[pages % 2], f"since={cursor}&page_size=7")
        pages += 1
        assert len(page["items"]) <= 7
        seen += places(page)
        created += [e["object"]["id"] for e in page["items"] if e["verb"] == "folder.create"]
        cursor = page["cursor"]
        if ended and page["next_page_token"] is None:
            break
    writing.join()
    assert len(set(seen)) == len(seen)
    for node in (0, 1):
        assert [n for each, n in seen if each == node] == list(
            range(1, 1 + sum(each == node for each, _ in seen))
        )
    assert set(made) <= set(created)


def test_a_filtered_cursor_goes_on_from_the_newest_page(nodes: Nodes) -> None:
    cursor = events(nodes.first, "verb=folder.create&page_size=1")["cursor"]
    made = {server.folder()["id"] for server in nodes}
    onwards = events(nodes.second, f"verb=folder.create&since={cursor}")
    assert {event["object"]["id"] for event in onwards["items"]} == made
    assert onwards["next_page_token"] is None
    again = events(nodes.first, f"verb=folder.create&since={onwards['cursor']}")
    assert again["items"] == []


def test_an_export_by_either_node_holds_every_chain_and_its_head(
    nodes: Nodes, tmp_path: Path
) -> None:
    for server in nodes:
        answer = server.call("GET", f"{V1}/audit/export?format=jsonl")
        assert answer.status == 200
        digests = {
            node: sha256(b"keystead audit chain 1\0" + node.to_bytes(4)).digest() for node in (0, 1)
        }
        heads: list[str] = []
        for line in answer.body.splitlines():
            told = json.loads(line)
            if "checkpoint" in told:
                heads.append(told["checkpoint"])
                continue
            assert len(heads) == told["node"], "one chain after another"
            entry = line.split(b'"entry":', 1)[1][:-1]
            digests[told["node"]] = sha256(digests[told["node"]] + entry).digest()
            assert told["digest"] == digests[told["node"]].hex()
        assert [head.split()[1] for head in heads] == ["0", "1"]
        assert [head.split()[3] for head in heads] == [digests[0].hex(), digests[1].hex()]
        kept = tmp_path / "checkpoints"
        kept.write_text("\n".join(heads))
        verify = [
            KEYSTEAD,
            "audit",
            "verify",
            "--data",
            str(server.data),
            "--checkpoint",
            str(kept),
        ]
        assert subprocess.run(verify, capture_output=True, check=False).returncode == 0
    table = nodes.first.call("GET", f"{V1}/audit/export?format=csv").body.decode()
    rows = [(int(row["node"]), int(row["n"])) for row in csv.DictReader(io.StringIO(table))]
    assert rows == sorted(rows)
    assert {node for node, _ in rows} == {0, 1}
    begun = events(nodes.first, "verb=audit.export&page_size=1")["items"][0]
    assert set(begun["facts"]) == {"chain 0", "chain 1"}


def test_a_verification_by_either_node_reads_every_chain(nodes: Nodes) -> None:
    for server in nodes:
        server.folder()
    for server in nodes:
        report = ok(server.call("GET", f"{V1}/audit/verify"))
        assert report["intact"], report
        assert [chain["node"] for chain in report["chains"]] == [0, 1]
        for chain in report["chains"]:
            assert chain["entries"] == chain["head"]["n"] > 0
            assert (chain["findings"], chain["unlisted"]) == ([], 0)
