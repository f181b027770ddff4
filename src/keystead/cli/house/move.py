"""`keystead migrate-store`: from the embedded database to PostgreSQL."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from keystead.cli.house.installation import Data, DatabaseURL, tell_of_password
from keystead.cli.options import Json
from keystead.cli.output import document, note, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keystead.store.move import Progress

__all__ = ["migrate_store"]


def migrate_store(
    data: Data,
    *,
    database_url: DatabaseURL = None,
    json: Json = False,
) -> None:
    """Move an installation from the embedded SQLite database to PostgreSQL.

    Stop its server first. Every row is copied in one transaction, read back and compared, and the audit chain
    is verified where it has come to; then the directory's settings name the new database. The old one
    stays beside them, under another name.
    """
    from keystead import installation

    tell_of_password(database_url, json=json)
    with _progress(quiet=json) as tell:
        done = installation.move_store(data, database_url, tell)
    found = {
        "rows": done.moved.rows,
        "audit_entries": done.moved.entries,
        "kept": [str(path) for path in done.kept],
    }
    if json:
        document(found)
        return
    rows = [(name, f"{count:,}") for name, count in done.moved.rows.items() if count]
    table(("TABLE", "ROWS, THE SAME IN BOTH"), rows)
    if done.moved.again:
        note("It had been copied before; the copy was found to be the same.")
    note(f"The audit chain is intact: {done.moved.entries:,} entries.")
    for path in done.kept:
        note(f"The old file stays as {path}; delete it once you have a backup of the new database.")
    if not done.written:
        note(
            "Keep KEYSTEAD_DATABASE_URL in the server's environment: the settings say that it is there."
        )
    note(f"Next: keystead serve --data {data}; keystead join makes further nodes.")


def _progress(*, quiet: bool) -> AbstractContextManager[Callable[[Progress], None]]:
    if quiet:
        return _silent()
    return _bars() if sys.stderr.isatty() else _lines()


@contextmanager
def _silent() -> Iterator[Callable[[Progress], None]]:
    yield lambda _: None


@contextmanager
def _lines() -> Iterator[Callable[[Progress], None]]:
    yield lambda at: note(f"{at.step} {at.table}: {at.done:,} of {at.total:,}")


@contextmanager
def _bars() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    tasks: dict[tuple[str, str], TaskID] = {}
    with Bars(console=Console(stderr=True)) as bars:

        def tell(at: Progress) -> None:
            key = (at.step, at.table)
            if key not in tasks:
                tasks[key] = bars.add_task(f"{at.step} {at.table}", total=at.total)
            bars.update(tasks[key], completed=at.done)

        yield tell
