"""The schema's revisions, the same on every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from keystead.core.errors import Misconfigured

__all__ = ["HEAD", "KNOWN_REVISIONS", "MIGRATIONS", "form_of", "require_known"]

KNOWN_REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every revision this version knows, oldest first; a test compares it with the migrations."""

HEAD: Final = KNOWN_REVISIONS[-1]

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def require_known(revision: str) -> None:
    """Refuse a database whose form this version does not know.

    Raises:
        Misconfigured: a newer Keystead wrote it.
    """
    if revision not in KNOWN_REVISIONS:
        msg = (
            f"The database is in form {revision}, which a newer version of Keystead wrote; "
            f"this one knows forms up to {HEAD}. Start the newer version, or restore a backup."
        )
        raise Misconfigured(msg)


def form_of(revision: str) -> str:
    """Tell of a database's form, for the doctor.

    Raises:
        Misconfigured: a newer Keystead wrote it.
    """
    require_known(revision)
    return (
        f"form {revision}, up to date"
        if revision == HEAD
        else (f"form {revision}; the next start brings it to {HEAD}")
    )
