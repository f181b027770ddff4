"""Several processes write one database: no entry is lost or doubled, and nobody starves."""

from __future__ import annotations

import multiprocessing
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from keystead.store.chains import verify_chains
from keystead.store.sqlite.engine import SQLiteEngine
from tests.store.installations import copy_of_an_installation, open_keyring
from tests.store.writers import write_owners

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = 4


def test_four_processes_write_one_chain_and_nobody_waits_two_seconds(tmp_path: Path) -> None:
    write_together(tmp_path / "data", acts=100)


@pytest.mark.trial
def test_four_processes_write_for_long(tmp_path: Path) -> None:
    write_together(tmp_path / "data", acts=5000)


def write_together(data: Path, acts: int) -> None:
    master = copy_of_an_installation(data)
    names = [f"writer {i}" for i in range(WRITERS)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WRITERS, context) as pool:
        waits = list(pool.map(write_owners, [str(data)] * WRITERS, names, [acts] * WRITERS))

    report = verify_chains(SQLiteEngine(data), open_keyring(data, master).audit)[0]
    assert (report.findings, report.entries) == ((), WRITERS * acts)
    with closing(sqlite3.connect(data / "keystead.db")) as base:
        assert base.execute("SELECT count(*) FROM owners").fetchall() == [(WRITERS * acts,)]
        assert base.execute(
            "SELECT count(DISTINCT verb) FROM audit_entries a JOIN owners o"
            " ON a.verb = 'created ' || o.id"
        ).fetchall() == [(WRITERS * acts,)]
    print(f"longest waits: {', '.join(f'{wait:.3f} s' for wait in waits)}")
    assert max(waits) < 2
