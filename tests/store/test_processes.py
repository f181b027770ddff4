"""The conformance suite's part about processes, on each engine that several can open.

Several write one database: no entry is lost or doubled, and nobody starves. One is killed at any instant:
what it was told is kept, nothing is there by halves, and the next one goes on.
"""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keystead.store.chains import verify_chains
from tests.store.installations import copy_of_an_installation
from tests.store.postgresql import founded
from tests.store.servers import own_schema, require_server, sql_of
from tests.store.writers import Kept, write_owners, write_until_killed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.figures import Figures

WRITERS = 4
_ENTRIES = "SELECT verb, 0 FROM audit_entries"
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "sqlite":
        copy_of_an_installation(tmp_path / "data")
        yield Kept(str(tmp_path / "data"))
        return
    require_server()
    with own_schema() as url, founded(tmp_path, url):
        yield Kept(str(tmp_path), url)


def test_four_processes_write_one_chain_and_nobody_waits_two_seconds(kept: Kept) -> None:
    assert max(write_together(kept, acts=100)) < 2


def test_a_process_that_is_killed_leaves_what_it_was_told_and_nothing_by_halves(
    kept: Kept, tmp_path: Path
) -> None:
    kill_writers(kept, tmp_path, kills=2)


@pytest.mark.trial
def test_four_processes_write_for_long(kept: Kept, figures: Figures) -> None:
    waits = write_together(kept, acts=5000)
    assert max(waits) < 2
    figures.write(
        f"Four processes write one chain ({engine_of(kept)})",
        acts=f"{WRITERS * 5000:,}",
        longest_wait=f"{max(waits):.3f} s",
    )


@pytest.mark.trial
def test_fifty_killed_processes_lose_nothing(kept: Kept, tmp_path: Path, figures: Figures) -> None:
    told = kill_writers(kept, tmp_path, kills=50)
    figures.write(
        f"Fifty processes killed while they write through the store ({engine_of(kept)})",
        acts_answered=f"{told:,}",
        lost=0,
    )


def write_together(kept: Kept, acts: int) -> list[float]:
    names = [f"writer {i}" for i in range(WRITERS)]
    with ProcessPoolExecutor(WRITERS, SPAWN) as pool:
        waits = list(pool.map(write_owners, [kept] * WRITERS, names, [acts] * WRITERS))
    assert len(whole(kept)) == WRITERS * acts
    return waits


def kill_writers(kept: Kept, home: Path, kills: int) -> int:
    """Return how many acts were answered, each of which was then found."""
    answered: set[str] = set()
    for number in range(kills):
        told = home / f"told {number}"
        writer = SPAWN.Process(
            target=write_until_killed, args=(kept, f"killed {number}", str(told))
        )
        writer.start()
        begun = time.monotonic()
        while not told.exists() or told.stat().st_size == 0:
            assert writer.is_alive()
            assert time.monotonic() < begun + 30
            time.sleep(0.01)
        time.sleep(random.uniform(0.0, 0.3))
        writer.kill()
        writer.join()
        answered.update(told.read_text().split())
        assert answered <= whole(kept)
    write_owners(kept, "the next one", 8)
    assert answered <= whole(kept)
    assert len(look(kept, "SELECT id FROM owners WHERE name LIKE 'the next one %'")) == 8
    return len(answered)


def whole(kept: Kept) -> set[str]:
    """Check that the chain is intact and has one entry for each owner; return their ids."""
    # At one instant: a server may still commit what a killed client had sent.
    rows = look(kept, f"SELECT 'created ' || id, 1 FROM owners UNION ALL {_ENTRIES}")
    owners = sorted(verb for verb, is_owner in rows if is_owner)
    assert owners == sorted(verb for verb, is_owner in rows if not is_owner)
    report = verify_chains(kept.engine(), kept.keyring().audit)[0]
    assert report.findings == ()
    assert report.entries >= len(owners)
    return {verb.removeprefix("created ") for verb in owners}


def look(kept: Kept, statement: str) -> list[tuple[Any, ...]]:
    if kept.url:
        return sql_of(kept.url, statement)
    with closing(sqlite3.connect(Path(kept.data) / "keystead.db")) as base:
        return base.execute(statement).fetchall()


def engine_of(kept: Kept) -> str:
    return "PostgreSQL" if kept.url else "SQLite"
