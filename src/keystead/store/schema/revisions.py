"""The schema's revisions, the same on every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from keystead.core.errors import Misconfigured

__all__ = ["HEAD", "KNOWN_REVISIONS", "MIGRATIONS", "require_known"]

KNOWN_REVISIONS: Final = tuple(f"{n:04}" for n in range(1, 16))
"""Every revision this version knows, oldest first; a test compares it with the migrations."""

HEAD: Final = KNOWN_REVISIONS[-1]

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def require_known(revision: str) -> None:
    """Refuse a database whose revision this version does not know.

    Raises:
        Misconfigured: a newer Keystead wrote it.
    """
    if revision not in KNOWN_REVISIONS:
        msg = (
            f"The database's schema is at revision {revision}, which a newer version of Keystead wrote; "
            f"this one knows revisions up to {HEAD}. Start the newer version, or restore a backup."
        )
        raise Misconfigured(msg)
