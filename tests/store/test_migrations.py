"""The schema grows by migrations to what `store.tables` describes, once, and never over something foreign."""

from __future__ import annotations

import multiprocessing
import re
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from keystead.core.errors import Misconfigured
from keystead.store.schema import tables
from keystead.store.schema.revisions import HEAD, KNOWN_REVISIONS, MIGRATIONS
from keystead.store.sqlite.connection import DATABASE, USAGE
from keystead.store.sqlite.migrate import migrate, schema_of
from tests.store.command import Command
from tests.store.installations import copy_of_an_installation

if TYPE_CHECKING:
    from collections.abc import Callable


def schema(data: Path) -> dict[str, str]:
    """Return every table's and index's definition as SQLite keeps it, in one form of white space."""
    with closing(sqlite3.connect(data / DATABASE)) as base:
        rows = base.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
        ).fetchall()
    return {name: one_form(sql) for name, sql in rows}


def one_form(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).replace("( ", "(").replace(" )", ")").replace('"', "").strip()


# What it cannot compare, the next test does.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_migrating_makes_what_the_tables_describe(tmp_path: Path) -> None:
    migrate(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / DATABASE}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_every_definition_is_the_same_word_for_word(tmp_path: Path) -> None:
    """Alembic compares neither expressions nor conditions of indexes, nor tables without row ids."""
    migrate(tmp_path)
    dialect = sqlite.dialect()
    wanted: dict[str, str] = {}
    for table in tables.metadata.sorted_tables:
        wanted[table.name] = one_form(str(CreateTable(table).compile(dialect=dialect)))
        for index in table.indexes:
            wanted[str(index.name)] = one_form(str(CreateIndex(index).compile(dialect=dialect)))
    found = schema(tmp_path)
    assert found == wanted
    assert "WHERE deleted_at IS NULL" in found["credentials_name"]
    assert "coalesce(parent_id, '')" in found["folders_name"]
    assert found["audit_entries"].endswith("WITHOUT ROWID")


def test_every_revision_of_the_scripts_is_known_in_order() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == KNOWN_REVISIONS
    assert scripts.get_heads() == [HEAD]


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    copy_of_an_installation(tmp_path / "data")
    before = contents(tmp_path / "data")
    migrate(tmp_path / "data")
    assert contents(tmp_path / "data") == before


def test_a_lost_file_of_counts_is_made_anew(tmp_path: Path) -> None:
    data = tmp_path / "data"
    copy_of_an_installation(data)
    (data / USAGE).unlink()
    migrate(data)
    assert (data / USAGE).stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(data / USAGE)) as base:
        assert base.execute("SELECT count(*) FROM last_use").fetchall() == [(0,)]


def test_several_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, context) as pool:
        list(pool.map(migrate, [tmp_path] * 3))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as base:
        assert base.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    assert schema_of(tmp_path) == HEAD


def written_by_a_newer_version(data: Path) -> None:
    with closing(sqlite3.connect(data / DATABASE)) as base:
        base.execute("UPDATE alembic_version SET version_num = '9999'")
        base.commit()


def corrupt(data: Path) -> None:
    settle(data)
    whole = (data / DATABASE).read_bytes()
    (data / DATABASE).write_bytes(b"\0" * 4096 + whole[4096:])


def nonsense(data: Path) -> None:
    settle(data)
    (data / DATABASE).write_bytes(b"this is not a database, it is a sentence. " * 200)


def empty(data: Path) -> None:
    settle(data)
    (data / DATABASE).write_bytes(b"")


def foreign(data: Path) -> None:
    settle(data)
    (data / DATABASE).unlink()
    with closing(sqlite3.connect(data / DATABASE)) as base:
        base.execute("CREATE TABLE recipes (title TEXT)")
        base.commit()


def migrated_by_another_program(data: Path) -> None:
    foreign(data)
    with closing(sqlite3.connect(data / DATABASE)) as base:
        base.execute("CREATE TABLE alembic_version (version_num TEXT)")
        base.execute("INSERT INTO alembic_version VALUES ('a1b2c3')")
        base.commit()


def unfinished(data: Path) -> None:
    with closing(sqlite3.connect(data / DATABASE)) as base:
        base.execute("DELETE FROM installation")
        base.commit()


def gone(data: Path) -> None:
    settle(data)
    (data / DATABASE).unlink()


def counts_of_nothing(data: Path) -> None:
    for more in ("-wal", "-shm"):
        (data / f"{USAGE}{more}").unlink(missing_ok=True)
    (data / USAGE).write_bytes(b"this is not a database, it is a sentence. " * 200)


def settle(data: Path) -> None:
    for more in ("-wal", "-shm"):
        (data / f"{DATABASE}{more}").unlink(missing_ok=True)


UNUSABLE: list[tuple[Callable[[Path], None], str]] = [
    (written_by_a_newer_version, "newer version"),
    (corrupt, "cannot be read as a database"),
    (nonsense, "cannot be read as a database"),
    (empty, "keystead init"),
    (foreign, "another program's database"),
    (migrated_by_another_program, "revision a1b2c3"),
    (unfinished, "keystead init"),
    (counts_of_nothing, "move it away"),
    (gone, "keystead init"),
]


@pytest.mark.parametrize(("spoil", "said"), UNUSABLE, ids=lambda v: getattr(v, "__name__", ""))
def test_what_cannot_be_used_is_said_and_left_alone(
    tmp_path: Path, command: Command, spoil: Callable[[Path], None], said: str
) -> None:
    data = tmp_path / "data"
    copy_of_an_installation(data)
    spoil(data)
    before = contents(data)

    done = command("serve", "--data", str(data), "--listen", "127.0.0.1:0")

    assert done.code == 9, done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert contents(data) == before, "nothing was written"


@pytest.mark.parametrize(
    "spoil",
    [corrupt, nonsense, foreign, written_by_a_newer_version, counts_of_nothing],
)
@pytest.mark.parametrize(
    "words", [("audit", "verify"), ("audit", "export"), ("audit", "checkpoint"), ("doctor",)]
)
def test_the_other_commands_say_it_too(
    tmp_path: Path, command: Command, spoil: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    data = tmp_path / "data"
    copy_of_an_installation(data)
    spoil(data)
    before = contents(data)
    done = command(*words, "--data", str(data))
    assert done.code == 9, done.err
    assert "Traceback" not in done.err
    assert contents(data) == before


def test_a_foreign_database_is_never_migrated_over(tmp_path: Path) -> None:
    copy_of_an_installation(tmp_path / "data")
    foreign(tmp_path / "data")
    with pytest.raises(Misconfigured):
        migrate(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE)) as base:
        assert base.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def contents(data: Path) -> dict[str, Any]:
    """Return what is kept; files that hold nothing but locks and SQLite's own traces are left out."""
    if not (data / DATABASE).exists():
        return {"files": sorted(p.name for p in data.iterdir() if p.suffix != ".lock")}
    try:
        with closing(sqlite3.connect(f"file:{data / DATABASE}?mode=ro", uri=True)) as base:
            return {"dump": "\n".join(base.iterdump())}
    except sqlite3.DatabaseError:
        return {"bytes": (data / DATABASE).read_bytes()}
