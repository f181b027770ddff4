"""Three nodes of a newer version that start at once on an older one's database: one migrates, all serve."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from keystead.installation import verify_audit
from keystead.store.schema import tables
from keystead.store.schema.revisions import HEAD, KNOWN_REVISIONS
from tests.crash.nodes import found, join
from tests.running import start
from tests.store.servers import own_schema, require_server, sql_of
from tests.store.test_postgres_migrations import at_revision

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.postgresql

NODES = 3


def test_three_servers_that_start_at_once_on_the_first_schema_all_serve(tmp_path: Path) -> None:
    require_server()
    homes = [tmp_path / str(node) for node in range(NODES)]
    with own_schema() as new, own_schema() as old:
        admin = found(homes[0], new)
        for node in range(1, NODES):
            join(homes[0], homes[node], new, node)
        at_revision(old, KNOWN_REVISIONS[0])
        copy_rows(new, old)
        for home in homes:
            settings = home / "keystead.toml"
            settings.write_text(settings.read_text().replace(name_of(new), name_of(old)))

        with ThreadPoolExecutor(NODES) as pool:
            servers = list(pool.map(lambda home: start(home, admin), homes))
        try:
            assert sql_of(old, "SELECT version_num FROM alembic_version") == [(HEAD,)]
            # Tables of one transaction name it: the second to come found nothing left to do.
            assert len(makers(old)) == 1
            for node, server in enumerate(servers):
                assert server.call("GET", "/readyz").status == 200
                token, _ = server.token("accounts:list", name=f"issued at node {node}")
                for other in servers:
                    assert other.call("GET", "/api/v1/whoami", token=token).status == 200
        finally:
            for server in servers:
                server.stop()
        reports = verify_audit(homes[0], ())
        assert len(reports) == NODES
        assert all(report.intact for report in reports)


def name_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["search_path"][0]


def copy_rows(source: str, target: str) -> None:
    """Copy what the target has columns for: what an older version would have written."""
    columns = sql_of(
        target,
        "SELECT table_name, string_agg(quote_ident(column_name), ', ')"
        " FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name <> 'alembic_version'"
        " GROUP BY table_name",
    )
    for table, names in columns:
        rows = f"SELECT {names} FROM {name_of(source)}.{table}"
        sql_of(target, f"INSERT INTO {table} ({names}) {rows}")
    sql_of(
        target,
        "SELECT setval(pg_get_serial_sequence('credential_secrets', 'row'), max(row))"
        " FROM credential_secrets",
    )


def makers(url: str) -> set[str]:
    """Return which transactions made the tables that the first schema lacks."""
    rows = sql_of(
        url,
        "SELECT relname, xmin::text FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
    )
    made = {str(name): str(by) for name, by in rows}
    return {made[name] for name in (tables.groups.name, tables.kept_answers.name, tables.apis.name)}
