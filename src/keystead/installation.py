"""What is asked of an installation that exists, by its data directory: is it well, is its audit whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from keystead.audit.chain import decode_checkpoint, encode_checkpoint
from keystead.core.clock import SystemClock
from keystead.core.errors import Misconfigured
from keystead.settings import ELSEWHERE, database_of, read_settings
from keystead.settings_file import point_to_database
from keystead.store.chains import export_chains, newest_checkpoints, verify_chains
from keystead.store.examining.installation import examine as examine_installation
from keystead.store.opening import engine_of, open_keyring
from keystead.store.presence import Absence
from keystead.store.schema.revisions import require_known
from keystead.store.sqlite.connection import put_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from keystead.audit.export import Form
    from keystead.audit.findings import Report
    from keystead.settings import Settings
    from keystead.store.engine import Engine
    from keystead.store.examining.installation import Finding
    from keystead.store.move import Moved, Progress

__all__ = [
    "Relocated",
    "audit_checkpoints",
    "examine",
    "export_audit",
    "installed",
    "move_store",
    "verify_audit",
]


def installed(settings: Settings) -> Engine:
    """Return the engine of an installation that exists.

    Raises:
        Misconfigured: there is none, or a newer version wrote it.
    """
    engine = engine_of(settings.data, settings.database_url, settings.node)
    found = engine.schema()
    if found is None:
        data = settings.data
        where = f"in {data}" if settings.database_url is None else "in this database"
        raise Misconfigured(f"There is no installation {where}; run keystead init --data {data}.")
    require_known(found)
    return engine


def verify_audit(data: Path, checkpoints: Sequence[str]) -> list[Report]:
    """Verify every node's whole chain, and against exported checkpoints if there are such lines.

    Raises:
        Invalid: a checkpoint has another form.
        Misconfigured: the data directory cannot be opened.
    """
    since = [decode_checkpoint(line) for line in checkpoints]
    settings = read_settings(data)
    engine = installed(settings)
    return verify_chains(engine, open_keyring(engine, data, settings.master).audit, since)


def export_audit(data: Path, write: Callable[[bytes], None], form: Form) -> int:
    """Write every entry with `write`, as `jsonl` or `csv`; return how many there were."""
    return export_chains(installed(read_settings(data)), write, form)


def audit_checkpoints(data: Path) -> list[str]:
    """Return each chain's signed head as one line, to be kept elsewhere.

    Raises:
        Misconfigured: the store has lost its head.
    """
    found = newest_checkpoints(installed(read_settings(data)))
    kept = [head for head in found if head is not None]
    if len(kept) < len(found):
        raise Misconfigured("the audit has lost a signed head; run keystead audit verify")
    return [encode_checkpoint(head) for head in kept]


def examine(data: Path) -> list[Finding]:
    """Examine an installation: each check with a sentence on what was found."""
    settings = read_settings(data)
    now = SystemClock().now()
    return examine_installation(
        data,
        settings.master,
        engine_of(settings.data, settings.database_url, settings.node),
        now,
    )


class Relocated(NamedTuple):
    """What became of a data directory whose installation was moved.

    Attributes:
        moved: what was copied and compared.
        kept: the embedded database's files, under their new names.
        written: whether the address stands in the settings' file; else it comes from the environment.
    """

    moved: Moved
    kept: tuple[Path, ...]
    written: bool


def move_store(data: Path, database_url: str | None, tell: Callable[[Progress], None]) -> Relocated:
    """Move a data directory's installation from the embedded database to PostgreSQL.

    The embedded database stays, under another name, and the directory is the first node's from then on.

    Raises:
        Misconfigured: it is not embedded, a server is running on it, the database holds something, or what
            was copied is not the same.
    """
    from keystead.store.move import move  # noqa: PLC0415  # its driver is needed only here

    given = database_of(database_url)
    if given.url is None or given.written is None:
        raise Misconfigured(
            "Name the PostgreSQL database to move to with --database-url or KEYSTEAD_DATABASE_URL."
        )
    # The address in the environment, if that is where it comes from, is of where it shall go.
    elsewhere = {name: text for name, text in os.environ.items() if name != ELSEWHERE}
    settings = read_settings(data, elsewhere)
    if settings.database_url is not None:
        raise Misconfigured(f"The installation of {data} is in PostgreSQL already.")
    engine = installed(settings)
    with Absence(data):
        engine.migrate()
        keyring = open_keyring(engine, data, settings.master)
        moved = move(data, given.url, keyring.audit, tell)
        point_to_database(data, given.written)
        kept = put_aside(data)
    return Relocated(moved, kept, given.written != ELSEWHERE)
