"""What the audit is asked for by object or credential is found by an index, however long the chain is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.dialects import sqlite

from keystead.ports.audit import AuditQuery
from keystead.store.audit import entries_after, entries_from_the_end
from keystead.store.connection import DATABASE
from tests.store.installations import copy_of_an_installation

if TYPE_CHECKING:
    from pathlib import Path

BY_OBJECT = AuditQuery(object_id="acct_0000000000A1")
BY_CREDENTIAL = AuditQuery(credential_id="cred_0000000000A1")
OBJECT_AND_VERB = AuditQuery(object_id="acct_0000000000A1", verb="secret.read")
ALL = AuditQuery()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        pytest.param(BY_OBJECT, "INDEX audit_object (object_id=?", id="object"),
        pytest.param(BY_CREDENTIAL, "INDEX audit_credential (credential_id=?", id="credential"),
        pytest.param(OBJECT_AND_VERB, "INDEX audit_object (object_id=?", id="object-and-verb"),
        pytest.param(ALL, "PRIMARY KEY (node=?", id="everything"),
    ],
)
def test_a_filter_reads_by_its_index_and_in_its_order(
    tmp_path: Path, query: AuditQuery, index: str
) -> None:
    copy_of_an_installation(tmp_path / "data")
    onwards, back = entries_after(query, 0, 9, 50), entries_from_the_end(query, 0, 50)
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE)) as base:
        for statement, end in ((onwards, " AND n>?)"), (back, ")")):
            made = statement.compile(
                dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
            )
            plan = [row[3] for row in base.execute(f"EXPLAIN QUERY PLAN {made}")]
            assert plan == [f"SEARCH audit_entries USING {index}{end}"], "no scan and no sorting"
