"""Chains that are joined: what somebody does to one node's chain shows in another's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import pytest

from keystead.audit.chain import Head, encode_checkpoint, follow, genesis
from keystead.audit.entry import decode_entry
from keystead.audit.joins import JOIN, heads_in
from keystead.core.clock import MINUTE
from keystead.credentials.wish import CredentialWish
from keystead.crypto.audit_key import AuditKey
from keystead.gate.visit import Visit
from keystead.operations.credentials.credentials import create_credential
from keystead.operations.owners.owners import create_owner
from keystead.owners.owner import OwnerWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Role
from keystead.policy.scopes import Access
from keystead.store.chains import newest_checkpoints
from keystead.store.leader import Leader
from keystead.upkeep import Upkeep, system_arrival
from tests.doors.cast import ok
from tests.running import start
from tests.store.nodes import Nodes, nodes_on_one_server
from tests.store.servers import require_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from keystead.audit.event import Event
    from keystead.audit.findings import Report
    from tests.store.command import Command

pytestmark = pytest.mark.postgresql

INTRUDER = AuditKey({1: bytes(32)})


@pytest.fixture(autouse=True)
def _server() -> None:
    require_server()


def tell(home: Path, story: Callable[[Nodes], Awaitable[None]], *numbers: int) -> None:
    async def run() -> None:
        async with nodes_on_one_server(home, *(numbers or (0, 1))) as nodes:
            await story(nodes)

    asyncio.run(run())


def joins(nodes: Nodes, node: int) -> list[Event]:
    rows = nodes.sql(
        "SELECT entry FROM audit_entries WHERE node = ? AND verb = ? ORDER BY n", node, JOIN
    )
    return [decode_entry(entry)[2] for (entry,) in rows]


def ends(event: Event) -> dict[int, int]:
    return {head.node: head.n for head in heads_in(event)}


def test_a_node_joins_what_another_has_written_once_a_minute(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        first, clock = nodes.houses[0], nodes.clock
        await first.upkeep.join()
        assert joins(nodes, 0) == [], "the other has written nothing"
        await nodes.write(1, "one", "two")
        await first.upkeep.join()
        (entry,) = joins(nodes, 0)
        assert (entry.actor.kind, entry.verb, entry.decision) == ("system", JOIN, "allowed")
        told = next(head for head in newest_checkpoints(nodes.engine) if head and head.node == 1)
        assert entry.facts == {"chain 1": encode_checkpoint(told)}
        await nodes.write(1, "three")
        await first.upkeep.join()
        assert len(joins(nodes, 0)) == 1, "a minute has not passed"
        clock.go_on(MINUTE)
        await first.upkeep.join()
        assert [ends(event) for event in joins(nodes, 0)] == [{1: 2}, {1: 3}]
        clock.go_on(MINUTE)
        await first.upkeep.join()
        assert len(joins(nodes, 0)) == 2, "nothing is new"
        assert all(report.intact for report in nodes.verify())

    tell(tmp_path, story)


def test_idle_nodes_do_not_join_each_others_joins_for_ever(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        await nodes.write(0, "act")
        await nodes.write(2, "act")
        for _ in range(5):
            for house in nodes.houses.values():
                await house.upkeep.join()
            nodes.clock.go_on(MINUTE)
        assert {node: len(joins(nodes, node)) for node in nodes.houses} == {0: 1, 1: 1, 2: 1}
        # An own act is no news to its own node; the two others each join it.
        await nodes.write(0, "act")
        for _ in range(5):
            for house in nodes.houses.values():
                await house.upkeep.join()
            nodes.clock.go_on(MINUTE)
        assert {node: len(joins(nodes, node)) for node in nodes.houses} == {0: 1, 1: 2, 2: 2}
        assert set(ends(joins(nodes, 2)[-1])) == {0, 1}
        assert all(report.intact for report in nodes.verify())

    tell(tmp_path, story, 0, 1, 2)


def test_of_a_nodes_processes_one_joins_until_it_ends(tmp_path: Path) -> None:
    one, other = Leader(tmp_path), Leader(tmp_path)
    assert (one.leads(), other.leads(), one.leads()) == (True, False, True)
    one.close()
    assert other.leads()
    other.close()

    async def story(nodes: Nodes) -> None:
        await nodes.write(1, "act")
        worker = Leader(tmp_path / "0")
        assert worker.leads()
        await nodes.houses[0].upkeep.join()
        assert joins(nodes, 0) == []
        worker.close()
        await nodes.houses[0].upkeep.join()
        assert len(joins(nodes, 0)) == 1

    tell(tmp_path, story)


def test_a_head_that_this_installation_did_not_sign_is_not_joined(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        await nodes.write(1, "act")
        nodes.sql("UPDATE audit_heads SET mac = ? WHERE node = 1", bytes(32))
        await nodes.houses[0].upkeep.join()
        assert joins(nodes, 0) == []

    tell(tmp_path, story)


class Saved(NamedTuple):
    """A node's head as it was."""

    n: int
    digest: bytes
    key_n: int
    mac: bytes


def saved(nodes: Nodes, node: int) -> Saved:
    (row,) = nodes.sql("SELECT n, digest, key_n, mac FROM audit_heads WHERE node = ?", node)
    return Saved(*row)


def put_back(nodes: Nodes, node: int, head: Saved) -> None:
    nodes.sql("DELETE FROM audit_entries WHERE node = ? AND n > ?", node, head.n)
    nodes.sql(
        "UPDATE audit_heads SET n = ?, digest = ?, key_n = ?, mac = ? WHERE node = ?", *head, node
    )


def found(reports: list[Report]) -> dict[int, list[str]]:
    return {report.head.node: [finding.what for finding in report.findings] for report in reports}


async def work_and_join(nodes: Nodes) -> Saved:
    """Let node 1 write three entries, of which the last two are joined by node 0; return its older head."""
    await nodes.write(0, "act")
    await nodes.write(1, "one")
    older = saved(nodes, 1)
    await nodes.write(1, "two", "three")
    await nodes.houses[0].upkeep.join()
    assert all(report.intact for report in nodes.verify())
    return older


MISSING = (
    "entry 3 is missing, which node 0 joined by its entry 2: the tail was cut, an older state put back,"
    " or the chain removed"
)
CHANGED = (
    "entry 3 is not the one that node 0 joined by its entry 2: this chain was changed, or cut and grown"
    " anew"
)


def test_an_older_head_put_back_is_found_by_the_other_chain(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        put_back(nodes, 1, await work_and_join(nodes))
        assert found(nodes.verify()) == {0: [], 1: [MISSING]}

    tell(tmp_path, story)


def test_a_chain_that_was_cut_and_grew_on_is_found_by_the_other_chain(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        put_back(nodes, 1, await work_and_join(nodes))
        # What a start does: it knows of no later head, and goes on, signing with the true key.
        head = Head(1, *saved(nodes, 1)[:2])
        rows = nodes.sql("SELECT entry FROM audit_entries WHERE node = 1 AND n = 1")
        for n in (2, 3):
            entry = rows[0][0].replace(b'"n":1', f'"n":{n}'.encode())
            head = follow(head, entry)
            nodes.sql(
                "INSERT INTO audit_entries SELECT node, ?::bigint, ?::bytea, ?::bytea, at, verb, owner_id,"
                " credential_id, object_type, object_id, decision FROM audit_entries"
                " WHERE node = 1 AND n = 1",
                n,
                entry,
                head.digest,
            )
        key_n, mac = nodes.keyring.audit.sign(*head)
        nodes.sql(
            "UPDATE audit_heads SET n = ?, digest = ?, key_n = ?, mac = ? WHERE node = 1",
            head.n,
            head.digest,
            key_n,
            mac,
        )
        assert found(nodes.verify()) == {0: [], 1: [CHANGED]}

    tell(tmp_path, story)


def test_a_tail_cut_and_signed_by_somebody_without_the_key_is_found_twice(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        older = await work_and_join(nodes)
        key_n, mac = INTRUDER.sign(1, older.n, older.digest)
        put_back(nodes, 1, Saved(older.n, older.digest, key_n, mac))
        told = found(nodes.verify())
        assert told[0] == []
        assert [what.partition(":")[0] for what in told[1]] == [
            "the head is not signed by this installation's audit key",
            "entry 3 is missing, which node 0 joined by its entry 2",
        ]

    tell(tmp_path, story)


@pytest.mark.parametrize("began_anew", [False, True], ids=["gone", "begun-anew"])
def test_a_chain_that_was_removed_is_found_by_the_other_chain(
    tmp_path: Path,
    began_anew: bool,
) -> None:
    async def story(nodes: Nodes) -> None:
        await work_and_join(nodes)
        nodes.sql("DELETE FROM audit_entries WHERE node = 1")
        nodes.sql("DELETE FROM audit_heads WHERE node = 1")
        if began_anew:
            head = genesis(1)
            nodes.sql(
                "INSERT INTO audit_heads (node, n, digest, key_n, mac) VALUES (?, ?, ?, ?, ?)",
                *head,
                *nodes.keyring.audit.sign(*head),
            )
        gone = (
            [] if began_anew else ["the chain is gone: there is neither an entry nor a signed head"]
        )
        assert found(nodes.verify()) == {0: [], 1: [*gone, MISSING]}

    tell(tmp_path, story)


def test_a_join_that_was_edited_accuses_nobody_else(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        await work_and_join(nodes)
        ((entry,),) = nodes.sql("SELECT entry FROM audit_entries WHERE verb = ?", JOIN)
        other = entry.replace(b"ksac1 1 3 ", b"ksac1 1 9 ")
        nodes.sql("UPDATE audit_entries SET entry = ? WHERE verb = ?", other, JOIN)
        told = found(nodes.verify())
        assert told[1] == []
        assert any("joins a head of node 1 that was not signed" in what for what in told[0])
        assert any("entry 2 was edited" in what for what in told[0])

    tell(tmp_path, story)


def test_checkpoints_of_several_days_and_nodes_are_all_held_against_the_chains(
    tmp_path: Path,
) -> None:
    async def story(nodes: Nodes) -> None:
        kept = []
        for day in ("monday", "tuesday"):
            await nodes.write(0, day)
            await nodes.write(1, day)
            kept += [head for head in newest_checkpoints(nodes.engine) if head]
        assert all(report.intact for report in nodes.verify(kept))
        older = saved(nodes, 1)
        await nodes.write(1, "wednesday")
        kept += [head for head in newest_checkpoints(nodes.engine) if head]
        put_back(nodes, 1, older)
        told = found(nodes.verify(kept))
        assert told[0] == []
        assert [what.split(":")[0] for what in told[1]] == [
            "the exported checkpoint is not reached"
        ]

    tell(tmp_path, story)


def test_the_command_line_says_of_each_node_what_is_wrong(tmp_path: Path, command: Command) -> None:
    async def story(nodes: Nodes) -> None:
        settings = tmp_path / "0" / "keystead.toml"
        settings.write_text(f'database_url = "{nodes.url}"\n')
        older = await work_and_join(nodes)
        data = str(tmp_path / "0")
        kept = tmp_path / "checkpoints"
        for _ in range(2):
            # As somebody does who keeps one file for all days.
            with kept.open("a") as file:
                file.write(await asyncio.to_thread(said, "audit", "checkpoint", "--data", data))
            await nodes.write(0, "act")
        assert len(kept.read_text().splitlines()) == 4
        verify = ("audit", "verify", "--data", data, "--checkpoint", str(kept))
        whole = await asyncio.to_thread(said, *verify)
        assert [line.split(",")[0] for line in whole.splitlines()] == [
            "node 0: intact: 4 entries",
            "node 1: intact: 3 entries",
        ]
        put_back(nodes, 1, older)
        done = await asyncio.to_thread(command, *verify)
        first, second, head, *rows = done.out.splitlines()
        assert done.code == 8
        assert first.startswith("node 0: intact: 4 entries, head ")
        assert second.startswith("node 1: not intact: 1 entry, head ")
        assert head.split() == ["NODE", "N", "WHAT", "IS", "WRONG"]
        assert all(row.split()[:2] == ["1", "3"] for row in rows)
        assert MISSING in done.out
        assert "not intact" in done.err

    def said(*arguments: str) -> str:
        done = command(*arguments)
        assert done.code == 0, done.err
        return str(done.out)

    tell(tmp_path, story)


def test_upkeep_joins_by_itself(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        await nodes.write(1, "act")
        first = nodes.houses[0]
        rooms = (first.gate, first.store, first.counts, first.leader, first.key_upkeep)
        quick = Upkeep(*rooms, first.clock, every=0.01, turns=1)
        upkeep = asyncio.create_task(quick.go_on())
        try:
            async with asyncio.timeout(30):
                while not joins(nodes, 0):  # noqa: ASYNC110  # upkeep sets no event
                    await asyncio.sleep(0.01)
        finally:
            upkeep.cancel()
            await asyncio.gather(upkeep, return_exceptions=True)
        assert ends(joins(nodes, 0)[0]) == {1: 1}

    tell(tmp_path, story)


def test_a_server_finds_it_too(tmp_path: Path) -> None:
    async def story(nodes: Nodes) -> None:
        older = await work_and_join(nodes)
        gate = nodes.houses[0].gate
        arrival = system_arrival(nodes.clock)
        wish = OwnerWish(name="Auditor", roles=(Role.AUDITOR,))
        owner = await gate.perform(create_owner, Visit(arrival), "application", wish)
        may = (Access(KEYSTEAD_API, (Permission.AUDIT_READ,)),)
        token = CredentialWish(name="audit", access=may, expires_at=None)
        issued = await gate.perform(
            create_credential, Visit(arrival), "api_token", "static", owner.id, token
        )
        data = tmp_path / "0"
        (data / "keystead.toml").write_text(f'database_url = "{nodes.url}"\n')
        admin = {"admin_token": issued.secret.reveal(), "admin_password": ""}
        server = await asyncio.to_thread(start, data, admin)
        try:

            def verified() -> dict[int, list[str]]:
                report = ok(server.call("GET", "/api/v1/audit/verify"))
                told = {
                    chain["node"]: [found["what"] for found in chain["findings"]]
                    for chain in report["chains"]
                }
                assert report["intact"] is not any(told.values())
                return told

            assert await asyncio.to_thread(verified) == {0: [], 1: []}
            put_back(nodes, 1, older)
            assert await asyncio.to_thread(verified) == {0: [], 1: [MISSING]}
            nodes.sql("DELETE FROM audit_entries WHERE node = 1")
            nodes.sql("DELETE FROM audit_heads WHERE node = 1")
            gone = "the chain is gone: there is neither an entry nor a signed head"
            assert await asyncio.to_thread(verified) == {0: [], 1: [gone, MISSING]}
        finally:
            server.stop()

    tell(tmp_path, story)
