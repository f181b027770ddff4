"""Chains that are joined and cut: each node cuts its own, and what others joined before is no finding."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keystead.core.clock import DAY, MINUTE
from keystead.store.chains import newest_checkpoints
from tests.store.nodes import Nodes, nodes_on_one_server
from tests.store.servers import require_server

if TYPE_CHECKING:
    from pathlib import Path

    from keystead.ports.store import Tx

pytestmark = pytest.mark.postgresql


async def set_retention(nodes: Nodes, days: int) -> None:
    async def work(tx: Tx) -> None:
        before = await tx.settings.organisation()
        after = replace(before, audit_retention_days=days)
        await tx.settings.save(before, after, "own_a", nodes.clock.now())

    await nodes.houses[0].store.act(work)


def numbers(nodes: Nodes, node: int) -> list[int]:
    rows = nodes.sql("SELECT n FROM audit_entries WHERE node = ? ORDER BY n", node)
    return [n for (n,) in rows]


def test_each_node_cuts_its_own_chain_and_the_others_still_vouch_for_it(tmp_path: Path) -> None:
    require_server()

    async def story() -> None:
        async with nodes_on_one_server(tmp_path, 0, 1) as nodes:
            for _ in range(3):
                await nodes.write(1, "one", "two")
                await nodes.houses[0].upkeep.join()
                nodes.clock.go_on(MINUTE)
            kept = [head for head in newest_checkpoints(nodes.engine) if head]
            await set_retention(nodes, 30)
            nodes.clock.go_on(32 * DAY)
            await nodes.write(1, "young")
            await nodes.houses[1].upkeep.cut()
            await nodes.houses[1].upkeep.forget_ended()
            assert numbers(nodes, 1) == [7, 8]
            assert numbers(nodes, 0) == [1, 2, 3], "what is node 0's stays"
            first, second = nodes.verify(kept)
            assert (first.findings, second.findings) == ((), ())
            assert second.begins == 7
            assert second.notes == (
                "not verifiable any more: 2 heads of entries before that, which other nodes joined",
            )
            await nodes.houses[0].upkeep.join()
            assert all(report.intact for report in nodes.verify(kept))
            nodes.sql("DELETE FROM audit_entries WHERE node = 1 AND n = 8")
            assert not nodes.verify()[1].intact
            nodes.sql("DELETE FROM audit_entries WHERE node = 1")
            nodes.sql("DELETE FROM audit_cuts")
            assert "entry 8 is missing, which node 0 joined" in str(nodes.verify()[1].findings)

    asyncio.run(story())
