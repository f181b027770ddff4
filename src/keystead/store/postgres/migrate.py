"""Bringing a database on a server to this version's schema, by one node at a time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import asyncpg
from sqlalchemy.dialects import postgresql

from keystead.core.errors import Misconfigured
from keystead.store.postgres.aside import ServerFailed
from keystead.store.schema import tables
from keystead.store.schema.revisions import HEAD, MIGRATIONS, require_known
from keystead.store.schema.usage_tables import made_if_missing

if TYPE_CHECKING:
    from keystead.store.postgres.aside import Aside

__all__ = ["EMPTY", "is_unfinished", "migrate", "require_turn", "schema_of"]

EMPTY: Final = "TRUNCATE " + ", ".join(
    table.name for table in (*tables.metadata.sorted_tables, *tables.usage_metadata.sorted_tables)
)
"""Takes every row away; the tables stay."""

_OLDEST: Final = 140000
_TURN: Final = "hashtextextended('keystead ' || coalesce(current_schema(), ''), 0)"
"""Of the advisory lock under which schemas and installations are made: one for each schema."""

_PATIENCE: Final = "30s"
_FOREIGN: Final = (
    "The database holds another program's tables, which are left as they are. Give Keystead a database of "
    "its own."
)


def schema_of(server: Aside) -> str | None:
    """Return the revision of the database; None where there is none yet.

    Raises:
        Misconfigured: the server is too old, the database has another encoding, or is another program's.
    """
    found = server.value("SELECT current_setting('server_version_num')::int")
    if found < _OLDEST:
        raise Misconfigured(
            f"The server is PostgreSQL {found // 10000}; Keystead needs 14 or later."
        )
    encoding = server.value("SHOW server_encoding")
    if encoding != "UTF8":
        raise Misconfigured(
            f"The database's encoding is {encoding}, which cannot hold every name; Keystead needs UTF8."
        )
    if server.value("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = server.value("SELECT version_num FROM alembic_version")
    if revision is not None and server.value("SELECT to_regclass('audit_heads')") is None:
        raise Misconfigured(_FOREIGN)
    return revision


def require_turn(server: Aside) -> None:
    """Take the turn at making something of the whole database, for as long as the connection lives.

    Raises:
        Misconfigured: somebody else has it.
    """
    if not server.value(f"SELECT pg_try_advisory_lock({_TURN})"):
        raise Misconfigured(
            "Somebody else is making or moving an installation in this database just now; wait for him."
        )


def is_unfinished(server: Aside) -> bool:
    """Say whether the installation is one that was interrupted before it had its first credential."""
    return (
        server.value("SELECT 1 FROM installation") is not None
        and server.value("SELECT 1 FROM credentials LIMIT 1") is None
    )


def migrate(server: Aside) -> None:
    """Bring the database to `HEAD`; at once, and without a write, where it is there already.

    Raises:
        Misconfigured: a newer Keystead wrote it, or its tables are another program's.
    """
    server.execute("BEGIN")
    try:
        server.execute(f"SELECT pg_advisory_xact_lock({_TURN})")
        # Whoever waits for a table keeps those behind him from it, so it is not for long.
        server.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
        found = schema_of(server)
        if found is not None:
            require_known(found)
        if found != HEAD:
            server.execute(_script(found))
        if server.value("SELECT to_regclass('used_in')") is None:
            server.execute(_counts())
        server.execute("COMMIT")
    except ServerFailed as failed:
        server.roll_back()
        if isinstance(failed.error, asyncpg.DuplicateTableError):
            raise Misconfigured(_FOREIGN) from None
        raise
    except BaseException:
        server.roll_back()
        raise


def _counts() -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return ";\n".join(made_if_missing(dialect))


def _script(found: str | None) -> str:
    """Return the statements between two revisions.

    Alembic writes them down instead of running them: it would need a second driver.
    """
    from alembic import command  # noqa: PLC0415  # costs a third of a second, and is seldom needed
    from alembic.config import Config  # noqa: PLC0415  # as above

    written = io.StringIO()
    config = Config(output_buffer=written)
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, f"{found or 'base'}:{HEAD}", sql=True)
    return written.getvalue()
