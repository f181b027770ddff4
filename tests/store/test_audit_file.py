"""`keystead audit` on a data directory that somebody changed: it finds what, and where."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from keystead.audit.chain import (
    Head,
    SearchColumns,
    StoredEntry,
    decode_checkpoint,
    encode_checkpoint,
    follow,
    genesis,
)
from keystead.audit.entry import decode_entry
from keystead.audit.verifier import Verifier
from keystead.crypto.keyring import read_master_key
from keystead.settings_file import MASTER_KEY
from keystead.store.sqlite.connection import DATABASE
from keystead.store.sqlite.store import SQLiteStore
from tests.store.installations import copy_of_an_installation, open_keyring
from tests.store.records import enter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keystead.ports.store import Tx
    from tests.store.command import Command

ENTRIES = 12


@pytest.fixture
def data(tmp_path: Path) -> Path:
    copy_of_an_installation(tmp_path / "data")
    write(tmp_path / "data", ENTRIES)
    return tmp_path / "data"


def write(data: Path, count: int) -> None:
    key = open_keyring(data, read_master_key(data / MASTER_KEY)).audit

    async def run() -> None:
        store = SQLiteStore(data, key)

        async def work(tx: Tx) -> None:
            for i in range(count):
                await enter(tx, f"secret.read{i}", address="10.0.0.1", facts={"version": i})

        await store.act(work)
        await store.close()

    asyncio.run(run())


def sql(data: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data / DATABASE)) as base:
        for statement in statements:
            base.execute(statement)
        base.commit()


def alter(data: Path, n: int) -> None:
    other = "CAST(replace(entry, '10.0.0.1', '10.0.0.2') AS BLOB)"
    sql(data, f"UPDATE audit_entries SET entry = {other} WHERE n = {n}")


def edit(data: Path) -> None:
    alter(data, 5)


def edit_with_its_digest(data: Path) -> None:
    edit(data)
    rechain(data, 5, 5)


def edit_the_last(data: Path) -> None:
    alter(data, ENTRIES)


def make_it_a_text(data: Path) -> None:
    sql(data, "UPDATE audit_entries SET entry = 'no bytes', digest = 7 WHERE n = 5")


def make_its_number_a_word(data: Path) -> None:
    sql(data, "UPDATE audit_entries SET n = 'five', verb = CAST(x'ff' AS TEXT) WHERE n = 5")


def make_the_head_a_text(data: Path) -> None:
    sql(data, "UPDATE audit_heads SET digest = 'no bytes', mac = 'none', key_n = 'one'")


def spoil(data: Path) -> None:
    sql(data, "UPDATE audit_entries SET entry = x'00ff' WHERE n = 5")


def remove(data: Path) -> None:
    sql(data, "DELETE FROM audit_entries WHERE n IN (5, 6)")


def remove_and_renumber(data: Path) -> None:
    sql(data, "DELETE FROM audit_entries WHERE n = 5")
    for n in range(6, ENTRIES + 1):
        sql(data, f"UPDATE audit_entries SET n = {n - 1} WHERE n = {n}")


def swap(data: Path) -> None:
    sql(
        data,
        "UPDATE audit_entries SET n = 100 WHERE n = 5",
        "UPDATE audit_entries SET n = 5 WHERE n = 6",
        "UPDATE audit_entries SET n = 6 WHERE n = 100",
    )


def insert(data: Path) -> None:
    for n in range(ENTRIES, 4, -1):
        sql(data, f"UPDATE audit_entries SET n = {n + 1} WHERE n = {n}")
    sql(
        data,
        "INSERT INTO audit_entries SELECT node, 5, entry, digest, at, verb, owner_id, credential_id,"
        " object_type, object_id, decision FROM audit_entries WHERE n = 4",
    )


def append(data: Path) -> None:
    sql(
        data,
        "INSERT INTO audit_entries SELECT node, 13, entry, digest, at, verb, owner_id, credential_id,"
        " object_type, object_id, decision FROM audit_entries WHERE n = 12",
    )


def hide_from_searches(data: Path) -> None:
    sql(data, "UPDATE audit_entries SET owner_id = 'own_somebody', at = 1 WHERE n = 5")


def raise_the_head(data: Path) -> None:
    sql(data, "UPDATE audit_heads SET n = 15")


def call_it_another_nodes(data: Path) -> None:
    sql(data, "UPDATE audit_entries SET node = 1 WHERE n = 5")


def write_another_node_into_it(data: Path) -> None:
    other = """CAST(replace(entry, '"node":0', '"node":1') AS BLOB)"""
    sql(data, f"UPDATE audit_entries SET entry = {other} WHERE n = 5")


def give_the_head_to_another_node(data: Path) -> None:
    sql(data, "UPDATE audit_heads SET node = 1")


def forge_the_head(data: Path) -> None:
    sql(data, "UPDATE audit_heads SET mac = zeroblob(32)")


def lose_the_head(data: Path) -> None:
    sql(data, "DELETE FROM audit_heads")


def cut(data: Path) -> None:
    sql(data, "DELETE FROM audit_entries WHERE n > 9")


def cut_with_the_head(data: Path) -> None:
    cut(data)
    sql(
        data,
        "UPDATE audit_heads SET n = 9, digest = (SELECT digest FROM audit_entries WHERE n = 9)",
    )


def empty(data: Path) -> None:
    sql(data, "DELETE FROM audit_entries")


def recompute(data: Path) -> None:
    """Edit an entry, and then everything that follows from it, as one without the key can."""
    edit(data)
    rechain(data, 1, ENTRIES)
    sql(data, "UPDATE audit_heads SET digest = (SELECT digest FROM audit_entries WHERE n = 12)")


def rechain(data: Path, first: int, last: int) -> None:
    with closing(sqlite3.connect(data / DATABASE)) as base:
        head = genesis(0)
        for n, entry, digest in base.execute(
            "SELECT n, entry, digest FROM audit_entries ORDER BY n"
        ).fetchall():
            made = follow(head, entry)
            if first <= n <= last:
                base.execute("UPDATE audit_entries SET digest = ? WHERE n = ?", (made.digest, n))
                head = made
            else:
                head = Head(0, n, digest)
        base.commit()


CHANGED: list[tuple[Callable[[Path], None], set[int], str]] = [
    (edit, {5}, "entry 5 was edited"),
    (edit_with_its_digest, {6}, "entry 5 was edited together with its digest"),
    (edit_the_last, {12}, "entry 12 was edited"),
    (make_it_a_text, {5}, "entry 5 cannot be read"),
    (make_its_number_a_word, {5}, "entry 5 is missing"),
    (make_the_head_a_text, {12}, "the head is not signed"),
    (spoil, {5}, "entry 5 cannot be read"),
    (remove, {5}, "entries 5 to 6 are missing"),
    (remove_and_renumber, {5, 12}, "was written as entry 6"),
    (swap, {5, 6}, "order changed"),
    (insert, {5}, "was written as entry 4"),
    (append, {13}, "entry 13 is beyond the head"),
    (hide_from_searches, {5}, "the search column owner_id differs"),
    (raise_the_head, {15, 13}, "entries 13 to 15 are missing: the tail was cut"),
    (forge_the_head, {12}, "the head is not signed"),
    (call_it_another_nodes, {5}, "entry 5 is missing"),
    (write_another_node_into_it, {5}, "was written as entry 5 of the chain of node 1"),
    (give_the_head_to_another_node, {12}, "the signed head is missing"),
    (lose_the_head, {12}, "the signed head is missing"),
    (cut, {10}, "entries 10 to 12 are missing: the tail was cut"),
    (cut_with_the_head, {9}, "the head is not signed"),
    (empty, {1}, "entries 1 to 12 are missing"),
    (recompute, {12}, "the head is not signed"),
]


@pytest.mark.parametrize(
    ("change", "where", "said"), CHANGED, ids=lambda v: getattr(v, "__name__", "")
)
def test_a_change_is_found_and_located(
    data: Path, command: Command, change: Callable[[Path], None], where: set[int], said: str
) -> None:
    change(data)
    done = command("audit", "verify", "--data", str(data), "--json")
    told = json.loads(done.out)
    assert done.code == 8
    assert told["intact"] is False
    found = [finding for chain in told["chains"] for finding in chain["findings"]]
    assert where <= {finding["n"] for finding in found}
    assert any(said in finding["what"] for finding in found), found


def test_an_untouched_audit_is_intact(data: Path, command: Command) -> None:
    done = command("audit", "verify", "--data", str(data), "--json")
    assert done.code == 0
    told = json.loads(done.out)
    (chain,) = told["chains"]
    assert (told["intact"], chain["entries"], chain["head"]["n"]) == (True, ENTRIES, ENTRIES)


def test_the_words_for_people_say_it_too(data: Path, command: Command) -> None:
    edit(data)
    done = command("audit", "verify", "--data", str(data))
    assert done.code == 8
    assert "entry 5 was edited" in done.out
    assert "not intact" in done.err


def test_an_older_backup_shows_against_a_checkpoint(data: Path, command: Command) -> None:
    backup = data.parent / "backup"
    shutil.copytree(data, backup)
    write(data, 3)
    line = command("audit", "checkpoint", "--data", str(data)).out
    kept = data.parent / "checkpoint"
    kept.write_text(line)

    assert command("audit", "verify", "--data", str(backup)).code == 0, "by itself it is whole"
    done = command("audit", "verify", "--data", str(backup), "--checkpoint", str(kept))
    assert done.code == 8
    assert "an older backup restored" in done.out
    again = command("audit", "verify", "--data", str(data), "--checkpoint", str(kept))
    assert again.code == 0, "the newer one passes through its own checkpoint"
    write(data, 2)
    grown = command("audit", "verify", "--data", str(data), "--checkpoint", str(kept))
    assert grown.code == 0


def test_a_checkpoint_of_another_installation_is_refused(
    data: Path, tmp_path: Path, command: Command
) -> None:
    line = command("audit", "checkpoint", "--data", str(data)).out
    kept = tmp_path / "checkpoint"
    kept.write_text(encode_checkpoint(decode_checkpoint(line)._replace(mac=bytes(32))))
    done = command("audit", "verify", "--data", str(data), "--checkpoint", str(kept))
    assert done.code == 8
    assert "not signed by this installation" in done.out


@pytest.mark.parametrize("text", ["", "ksac1 0 1 2 3", "ksac2 1 00 1 00", "{}", "\0" * 9])
def test_what_is_no_checkpoint_is_invalid_input(data: Path, command: Command, text: str) -> None:
    kept = data.parent / "checkpoint"
    kept.write_text(text)
    done = command("audit", "verify", "--data", str(data), "--checkpoint", str(kept))
    assert done.code == 6
    assert "checkpoint" in done.err


def test_an_exported_chain_verifies_again(data: Path, command: Command) -> None:
    out = data.parent / "audit.jsonl"
    assert command("audit", "export", "--data", str(data), "--out", str(out)).code == 0
    *lines, last = out.read_bytes().splitlines()
    key = open_keyring(data, read_master_key(data / MASTER_KEY)).audit
    verifier = Verifier(key, 0)
    for line in lines:
        told = json.loads(line)
        # The entry's bytes as they stand in the line: they are what the digest is of.
        entry = line[line.index(b'"entry":') + len(b'"entry":') : -1]
        node, n, event = decode_entry(entry)
        assert (node, n) == (told["node"], told["n"])
        digest = bytes.fromhex(told["digest"])
        verifier.feed(StoredEntry(node, n, entry, digest, SearchColumns.of(event)))
    report = verifier.finish(decode_checkpoint(json.loads(last)["checkpoint"]))
    assert (report.findings, report.entries) == ((), ENTRIES)


def test_an_exported_table_has_every_entry(data: Path, command: Command) -> None:
    done = command("audit", "export", "--data", str(data), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [int(row["n"]) for row in rows] == list(range(1, ENTRIES + 1))
    assert {row["address"] for row in rows} == {"10.0.0.1"}
    assert [json.loads(row["facts"])["version"] for row in rows] == list(range(ENTRIES))


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_of_spoiled_bytes_ends_with_a_clear_word(
    data: Path, command: Command, form: str
) -> None:
    spoil(data)
    out = data.parent / "audit"
    done = command("audit", "export", "--data", str(data), "--format", form, "--out", str(out))
    assert "Traceback" not in done.err
    assert done.code == 0 or (done.code == 8 and not out.exists())
