"""What is wrong with a data directory, each with a sentence that says what to do."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.audit.chain import Head, follow
from keystead.core.clock import MINUTE, format_instant
from keystead.core.errors import Misconfigured
from keystead.crypto.keyring import Keyring, read_master_key
from keystead.store.audit import NODE
from keystead.store.connection import DATABASE, connect
from keystead.store.installation import open_keyring
from keystead.store.migrate import HEAD, KNOWN_REVISIONS, schema_of
from keystead.vault.folder import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keystead.core.clock import Instant

__all__ = ["Finding", "examine_directory"]

_LEAST_FREE: Final = 256 * 1024 * 1024
_OTHERS: Final = 0o077


class Finding(NamedTuple):
    """One check: whether all is well there, and a sentence on what was found."""

    check: str
    ok: bool
    sentence: str


def examine_directory(data: Path, key_file: Path, at: Instant) -> list[Finding]:
    """Return every check's finding; a check that cannot be made is a finding too."""
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("data directory", lambda: _directory(data)),
        ("disk space", lambda: _disk(data)),
        ("schema", lambda: _schema(data)),
        ("database", lambda: _database(data)),
        ("folders", lambda: _folders(data)),
        ("master key", lambda: _key(data, key_file)),
        ("audit head", lambda: _head(data, key_file)),
        ("clock", lambda: _clock(data, at)),
    )
    return [_made(name, check) for name, check in checks]


def _made(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, ok=True, sentence=check())
    except Misconfigured as error:
        return Finding(name, ok=False, sentence=str(error))
    except (OSError, sqlite3.Error) as error:
        return Finding(name, ok=False, sentence=f"cannot be examined: {error}")


def _directory(data: Path) -> str:
    if not data.is_dir():
        raise Misconfigured(f"{data} is no directory; run keystead init --data {data}.")
    mode = data.stat().st_mode & 0o777
    if mode & _OTHERS:
        raise Misconfigured(f"others may look into it (mode {mode:o}); run chmod 700 {data}.")
    return "only its owner may look into it"


def _disk(data: Path) -> str:
    free = shutil.disk_usage(data).free
    if free < _LEAST_FREE:
        raise Misconfigured(
            f"{free >> 20} MiB are free; without space no act can be entered, so none is done."
        )
    return f"{free >> 20} MiB are free"


def _schema(data: Path) -> str:
    found = schema_of(data)
    if found is None:
        raise Misconfigured(f"there is no {DATABASE} here; run keystead init.")
    if found not in KNOWN_REVISIONS:
        raise Misconfigured(f"form {found} is a newer version's; this one knows up to {HEAD}.")
    if found != HEAD:
        return f"form {found}; the next start brings it to {HEAD}"
    return f"form {found}, up to date"


def _database(data: Path) -> str:
    connection = connect(data, writes=False)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchall()[0][0]
    finally:
        connection.close()
    if found != "ok":
        raise Misconfigured(f"the file is damaged ({found}); restore it from a backup.")
    return "readable and whole"


def _folders(data: Path) -> str:
    connection = connect(data, writes=False)
    try:
        found = dict(
            connection.execute(
                "SELECT id, parent_id FROM folders WHERE deleted_at IS NULL"
            ).fetchall()
        )
    finally:
        connection.close()
    lost = [folder for folder in found if not _reaches_the_top(folder, found)]
    if lost:
        raise Misconfigured(
            f"{len(lost)} folders hang from no top, {lost[0]} among them: the tree is damaged; "
            "restore a backup."
        )
    return f"{len(found)} folders, each under the top"


def _reaches_the_top(folder: str, parents: dict[str, str | None]) -> bool:
    here: str | None = folder
    for _ in range(MAX_DEPTH + 1):
        if here is None:
            return True
        if here not in parents:
            return False
        here = parents[here]
    return False


def _key(data: Path, key_file: Path) -> str:
    master = read_master_key(key_file)
    open_keyring(data, master)
    return f"{master.key_id} opens the keyring; keep a backup of it apart from the database"


def _head(data: Path, key_file: Path) -> str:
    keyring: Keyring = open_keyring(data, read_master_key(key_file))
    connection = connect(data, writes=False)
    try:
        connection.execute("BEGIN")
        heads = connection.execute(
            "SELECT node, n, digest, key_n, mac FROM audit_heads WHERE node = ?", (NODE,)
        ).fetchall()
        last = connection.execute(
            "SELECT node, n, digest, entry FROM audit_entries WHERE node = ?"
            " ORDER BY n DESC LIMIT 2",
            (NODE,),
        ).fetchall()
    finally:
        connection.close()
    if not heads or not keyring.audit.check(*tuple(heads[0])):
        raise Misconfigured("it is not signed by this installation; run keystead audit verify.")
    head = Head(*tuple(heads[0])[:3])
    if last and Head(*tuple(last[0])[:3]) != head:
        raise Misconfigured("it is not the last entry; run keystead audit verify.")
    if len(last) == 2 and follow(Head(*tuple(last[1])[:3]), last[0]["entry"]) != head:  # noqa: PLR2004
        raise Misconfigured("the last entry was changed; run keystead audit verify.")
    return f"{head.n} entries, the head is signed"


def _clock(data: Path, at: Instant) -> str:
    connection = connect(data, writes=False)
    try:
        newest = connection.execute("SELECT max(at) FROM audit_entries").fetchall()[0][0]
    finally:
        connection.close()
    if newest is not None and newest > at + MINUTE:
        raise Misconfigured(
            f"the newest audit entry is of {format_instant(newest)}, later than now "
            f"({format_instant(at)}): the clock went back, and what has expired may be good again."
        )
    return f"{format_instant(at)}, not behind the audit"
