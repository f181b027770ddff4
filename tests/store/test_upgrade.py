"""A database of an older version goes on: what stood in it stands in the newer form."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from keystead.store.schema.revisions import HEAD, MIGRATIONS
from keystead.store.sqlite.connection import DATABASE
from keystead.store.sqlite.migrate import migrate, schema_of

if TYPE_CHECKING:
    from pathlib import Path

OWNERS = """
INSERT INTO owners (id, kind, name, name_key, login, login_key, email, password_hash, roles, state,
    managed_by, search, created_by, created_at, modified_at, revision)
VALUES
    ('own_a', 'user', 'Ada', 'ada', 'ada', 'ada', '', 'a hash', '["administrator"]', 'active',
     NULL, 'ada', '', 10, 20, 3),
    ('own_b', 'application', 'ci', 'ci', NULL, NULL, '', NULL, '["user"]', 'active',
     'own_a', 'ci', 'own_a', 11, 21, 1)
"""


def at_revision(data: Path, revision: str) -> None:
    engine = create_engine(f"sqlite:///{data / DATABASE}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_owners_of_the_first_form_are_whole_in_the_second(tmp_path: Path) -> None:
    at_revision(tmp_path, "0001")
    with closing(sqlite3.connect(tmp_path / DATABASE)) as base:
        base.execute(OWNERS)
        base.commit()
        before = base.execute("SELECT * FROM owners ORDER BY id").fetchall()

    migrate(tmp_path)

    assert schema_of(tmp_path) == HEAD
    with closing(sqlite3.connect(tmp_path / DATABASE)) as base:
        after = base.execute("SELECT * FROM owners ORDER BY id").fetchall()
        assert base.execute("SELECT * FROM groups").fetchall() == []
    # What is new: no external id and no metadata; of a password only that it is no younger than the owner.
    assert [row[: len(before[0])] for row in after] == before
    assert [row[len(before[0]) :] for row in after] == [
        (None, "{}", 20, 0, 0),
        (None, "{}", None, 0, 0),
    ]


def test_what_is_disabled_was_disabled_by_an_administrator(tmp_path: Path) -> None:
    at_revision(tmp_path, "0013")
    values = {
        "access": "[]", "networks": "[]", "metadata": "{}", "created_at": 1, "modified_at": 1,
        "revision": 1, "kind": "api_token", "type": "static", "description": "", "owner_id": "own_a",
        "created_by": "own_a", "search": "",
    }  # fmt: skip
    with closing(sqlite3.connect(tmp_path / DATABASE)) as base:
        for id_, disabled_at in (("cred_a", None), ("cred_b", 5)):
            row = {**values, "id": id_, "name": id_, "name_key": id_, "disabled_at": disabled_at}
            names = ", ".join(row)
            marks = ", ".join("?" * len(row))
            base.execute(f"INSERT INTO credentials ({names}) VALUES ({marks})", (*row.values(),))
        base.commit()
    migrate(tmp_path)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as base:
        found = base.execute("SELECT id, disabled_from_above FROM credentials ORDER BY id")
        assert found.fetchall() == [("cred_a", 0), ("cred_b", 1)]


def test_who_is_disabled_was_disabled_by_an_administrator(tmp_path: Path) -> None:
    at_revision(tmp_path, "0001")
    with closing(sqlite3.connect(tmp_path / DATABASE)) as base:
        base.execute(OWNERS)
        base.execute("UPDATE owners SET state = 'disabled' WHERE id = 'own_b'")
        base.commit()
    migrate(tmp_path)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as base:
        found = base.execute("SELECT id, disabled_from_above FROM owners ORDER BY id").fetchall()
    assert found == [("own_a", 0), ("own_b", 1)]
