"""The schema on PostgreSQL: of nodes that start at once one makes it, from nothing and from an older form."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config

from keystead.store.postgres.aside import Aside
from keystead.store.postgres.migrate import migrate
from keystead.store.schema import tables
from keystead.store.schema.revisions import HEAD, KNOWN_REVISIONS, MIGRATIONS
from tests.store.servers import own_schema, require_server, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.postgresql


@pytest.fixture
def url() -> Iterator[str]:
    require_server()
    with own_schema() as found:
        yield found


def at_revision(url: str, revision: str) -> None:
    written = io.StringIO()
    config = Config(output_buffer=written)
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, f"base:{revision}", sql=True)
    with Aside(url) as server:
        server.execute(written.getvalue())


def start(url: str) -> None:
    with Aside(url) as server:
        migrate(server)


@pytest.mark.parametrize("before", [None, *KNOWN_REVISIONS])
def test_three_nodes_that_start_at_once_migrate_once(url: str, before: str | None) -> None:
    if before is not None:
        at_revision(url, before)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(start, [url] * 3))
    assert sql_of(url, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    found = sql_of(
        url,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
    )
    wanted = {*tables.metadata.tables, *tables.usage_metadata.tables, "alembic_version"}
    assert {name for (name,) in found} == wanted
